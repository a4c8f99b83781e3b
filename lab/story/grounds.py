"""Why it happened: the rule, the clock and the cause behind an event, in Chinese and English.

    event, its parent, names ─┬─ grounds()  规则 fallen-pole(类别 电杆电线隐患)…  办理 2 小时,政策 …
                              └─ cause()    答复 立案 ff11582b

The rule to remember: what the record itself says (`why`, rule ids, policies) is told verbatim in
English; the Chinese is put together from the same fields and the rulebook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lab.story.naming import Names
from lab.story.vocabulary import KINDS, SERVICES, URGENCIES, Words, duration
from schemas import events
from schemas.envelope import Message, Payload
from schemas.events import AssignedBecause, Deadline
from schemas.reference import RoutingRule

Parent = Message[Any] | None


def grounds(event: Message[Any], parent: Parent, names: Names) -> tuple[Words, ...]:
    """What explains the event, most telling first; empty where there is nothing to add."""
    told = GROUNDS.get(type(event.data))
    return tuple(told(event.data, parent, names)) if told else ()


# ── intake ───────────────────────────────────────────────────────────────────────────────────


def _opened(data: events.Opened, _parent: Parent, _names: Names) -> Iterator[Words]:
    report, urgency = f"{data.source}/{data.report_id}", URGENCIES[data.urgency]
    service = SERVICES[data.service]
    yield Words(
        f"{report} · {service.zh} · {urgency.zh}", f"{report} · {service.en} · {urgency.en}"
    )
    sure = Words("确定", "certain") if data.area_certain else Words("待核实", "to be confirmed")
    yield Words(f"地点{sure.zh}", f"place {data.area_how}: {sure.en}")
    yield _category_by(data)


def _category_by(data: events.Opened) -> Words:
    match data.category_by:
        case "given":
            return Words("类别:上报时已给定", "category: given with the report")
        case "rule":
            words = "、".join(data.category_why)
            return Words(f"类别:按关键词“{words}”", f"category: by the words {words}")
        case "classifier":
            words, chance = "、".join(data.category_why), f"{data.category_chance or 0:.1%}"
            return Words(
                f"类别:分类模型 {data.category_model},把握 {chance},依据“{words}”",
                f"category: by the classifier {data.category_model}, {chance}, by {words}",
            )
        case "unsure":
            return Words("类别:未能确定,待核实", "category: a guess, to be confirmed")


# ── router ───────────────────────────────────────────────────────────────────────────────────


def _assigned(data: events.Assigned, _parent: Parent, names: Names) -> Iterator[Words]:
    by = f"规则 {data.rule}{_asks(data.rule, names)}" if data.rule else "由民情管理员决定"
    again = ":群众不满意,仍由其办理" if data.because is AssignedBecause.REOPENED else ""
    yield Words(by + again, data.why)


def _asks(rule_id: str, names: Names) -> str:
    """What the rule asks for, and its own reason, in brackets."""
    known = names.rules.reference.rules if names.rules else ()
    rule = next((rule for rule in known if rule.id == rule_id), None)
    return f"({';'.join(_conditions(rule, names))})" if rule else ""


def _conditions(rule: RoutingRule, names: Names) -> Iterator[str]:
    asked = (
        rule.area and f"区域 {names.place(rule.area)}",
        rule.category and f"类别 {names.matter(rule.category).zh}",
        rule.service and f"服务 {SERVICES[rule.service].zh}",
        rule.urgency and URGENCIES[rule.urgency].zh,
    )
    yield ",".join(condition for condition in asked if condition) or "任何事项"
    if rule.why:
        yield rule.why


def _paused(data: events.Paused, _parent: Parent, names: Names) -> Iterator[Words]:
    known = names.rules.reference.pause_reasons if names.rules else ()
    limit = next((row.limit for row in known if row.code == data.reason), None)
    if limit:
        zh, en = duration(limit)
        yield Words(f"此理由累计最多 {zh}", f"at most {en} in all for this reason")


# ── sla ──────────────────────────────────────────────────────────────────────────────────────


def _deadlines(data: events.DeadlineSet, parent: Parent, names: Names) -> Iterator[Words]:
    for deadline in data.deadlines:
        yield _deadline(deadline, names)
    yield Words(STARTED.get(type(parent.data) if parent else Payload, data.why), data.why)


def _deadline(deadline: Deadline, names: Names) -> Words:
    """``办理 2 小时,政策 fallen-pole,提醒 07-04 10:36,逾期升级``; when it is due is in the sentence."""
    kind, long = KINDS[deadline.kind], duration(deadline.duration)
    warnings = [names.time(moment) for moment in deadline.warn_at]
    parts = [Words(f"{kind.zh} {long.zh}", f"{kind.en} {long.en}")]
    parts += [Words(f"政策 {deadline.policy}", f"policy {deadline.policy}")]
    parts += [Words(f"提醒 {'、'.join(warnings)}", f"warns {', '.join(warnings)}")] * bool(warnings)
    parts += [Words("逾期升级", "climbs")] * deadline.climbs
    parts += [Words("暂定,待日历公布", "provisional")] * deadline.provisional
    return Words(",".join(part.zh for part in parts), ", ".join(part.en for part in parts))


STARTED: Mapping[type[Payload], str] = {
    events.Opened: "自上报起算,直到结束",
    events.Assigned: "新的主办单位,重新起算",
    events.Paused: "挂起:时限暂停,最迟不超过此时",
    events.Resumed: "恢复:挂起的时间不计",
    events.Extended: "已准予延期",
    events.Reopened: "重办:办结以后的时间不计",
    events.DeadlineSet: "该年日历已公布,时限确定",
}


def _overdue(data: events.Overdue, _parent: Parent, _names: Names) -> Iterator[Words]:
    if data.climbs:
        yield Words(
            "此时限逾期即升一级,已在县级则督办", "late with this: one level up, or supervised"
        )
    else:
        yield Words("此时限逾期只作记录", "late with this: recorded only")


# ── rating ───────────────────────────────────────────────────────────────────────────────────


def _reopened(data: events.Reopened, parent: Parent, _names: Names) -> Iterator[Words]:
    if parent and isinstance(parent.data, events.Rated):
        count = parent.data.stars
        yield Words(f"办结后的低评({count} 星)", f"a low rating ({count} stars) within its window")


GROUNDS: Mapping[type[Payload], Callable[[Any, Parent, Names], Iterator[Words]]] = {
    events.Opened: _opened,
    events.Assigned: _assigned,
    events.Paused: _paused,
    events.DeadlineSet: _deadlines,
    events.Overdue: _overdue,
    events.Reopened: _reopened,
}


# ── causes ───────────────────────────────────────────────────────────────────────────────────

TIMED = (events.Warned, events.AtRisk, events.Overdue, events.Closed)
"""What time brings about: their parent is the event that set the timer."""


def cause(event: Message[Any], parent: Parent) -> Words:
    """What the event answers: another event of the case, a timer, or somebody's message."""
    if parent is None:
        return _message(event)
    name = f"{bare(parent)} {short(parent.id)}"
    if isinstance(event.data, TIMED):
        return Words(f"到时(由 {name} 设定)", f"time ran out that {name} had set")
    return Words(f"答复 {name}", f"answers {name}")


def _message(event: Message[Any]) -> Words:
    match event.data:
        case events.DepartmentEvent(update_id=identity):
            return Words(f"答复单位消息 {short(identity)}", f"answers update {short(identity)}")
        case events.DecisionEvent(decision_id=identity) | events.Confirmed(decision_id=identity):
            return Words(f"答复决定 {short(identity)}", f"answers decision {short(identity)}")
        case events.Rated(rating_id=identity) | events.RatingRefused(rating_id=identity):
            return Words(f"答复评价 {short(identity)}", f"answers rating {short(identity)}")
        case events.Opened(report_id=identity) | events.ReportAdded(report_id=identity):
            return Words(f"答复上报 {identity}", f"answers report {identity}")
        case _:
            identity = short(event.causationid or "?")
            return Words(f"答复指令 {identity}", f"answers command {identity}")


def bare(event: Message[Any]) -> str:
    """``case.deadline-set.v1`` as ``deadline-set``."""
    return event.type.split(".")[1]


def short(identity: str) -> str:
    """The first eight characters of an id; ids that senders gave are cut no shorter than twenty."""
    return identity[:8] if len(identity) == 36 and identity.count("-") == 4 else identity[:20]
