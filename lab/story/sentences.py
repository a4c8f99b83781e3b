"""What happened, in one short sentence, and who did it: Chinese and English for every event.

    event, names ─► who()   县供电分公司           County power company
                 ├► what()  签收                   signed for it
                 └► quote() what they wrote themselves

The rule to remember: a sentence says only what its event says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lab.story.naming import Names
from lab.story.vocabulary import (
    ACTIONS,
    ASSIGNED,
    KINDS,
    LEVELS,
    OURS,
    RATERS,
    REPORTERS,
    WITHDRAWN,
    Words,
    stars,
)
from schemas import events
from schemas.envelope import Message, Payload


def who(event: Message[Any], names: Names) -> Words:
    """The department, the officer, the reporter or the service that the event is the word of."""
    match event.data:
        case events.UpdateRefused():
            return OURS["router"]
        case events.DepartmentEvent(department=department):
            return names.unit(department)
        case events.DecisionRefused():
            return OURS["router"]
        case events.DecisionEvent(by=by) | events.Confirmed(by=by):
            return Words(f"民情管理员 {by}", f"officer {by}")
        case events.Rated(by=by):
            return RATERS[by]
        case _:
            name = event.source.rpartition("/")[2]
            return OURS.get(name, Words(name, name))


def what(event: Message[Any], names: Names) -> Words:
    """The sentence, without time, place and who."""
    return SENTENCES[type(event.data)](event.data, names)


def quote(data: Payload) -> str | None:
    """What somebody wrote, or the reason on the record: told as it stands, in its own language."""
    match data:
        case events.Opened(text=text) | events.ReportAdded(text=text):
            return text
        case (
            events.UpdateRefused(refusal=refusal)
            | events.DecisionRefused(refusal=refusal)
            | events.RatingRefused(refusal=refusal)
        ):
            return refusal
        case events.ExtensionRequested(reason=reason, result=result):
            return reason or result
        case events.DepartmentEvent(result=result):
            return result
        case events.DecisionEvent(reason=reason) | events.TriageRequested(reason=reason):
            return reason
        case events.Rated(comment=comment):
            return comment
        case _:
            return None


# ── intake ───────────────────────────────────────────────────────────────────────────────────


def _opened(data: events.Opened, names: Names) -> Words:
    by, matter, place = REPORTERS[data.reporter.kind], names.matter(data.category), data.area
    return Words(
        f"立案:{by.zh}上报,{names.place(place)},{matter.zh}",
        f"opened: {by.en} reports {matter.en}, {names.place(place)}",
    )


def _joining(data: events.Joining, _names: Names) -> Words:
    return Words(
        f"与已立案件 {data.into} 疑为同一事项(相似度 {data.likeness:.0%}),并入办理",
        f"seems one more word on case {data.into} ({data.likeness:.0%} alike), and joins it",
    )


def _report_declined(data: events.ReportDeclined, _names: Names) -> Words:
    report = f"{data.source}/{data.report_id}"
    return Words(
        f"上报 {report} 未并入:{data.reason}", f"report {report} not joined: {data.reason}"
    )


def _report_parted(data: events.ReportParted, _names: Names) -> Words:
    report = f"{data.source}/{data.report_id}"
    return Words(f"上报 {report} 另立案件", f"report {report} is a case of its own now")


def _report_added(data: events.ReportAdded, _names: Names) -> Words:
    report = f"{data.source}/{data.report_id}"
    return Words(f"又一上报并入:{report}", f"another report joined: {report}")


def _confirmed(data: events.Confirmed, names: Names) -> Words:
    zh, en = ("更正为", "put right") if data.changed else ("核实无误", "confirmed")
    return _understood(Words(f"{zh}:", f"{en}: "), data, names)


def _understood(head: Words, data: Any, names: Names) -> Words:
    matter, place = names.matter(data.category), names.place(data.area)
    return Words(f"{head.zh}{matter.zh},{place}", f"{head.en}{matter.en}, {place}")


# ── router ───────────────────────────────────────────────────────────────────────────────────


def _assigned(data: events.Assigned, names: Names) -> Words:
    because, lead, level = ASSIGNED[data.because], names.unit(data.lead), LEVELS[data.level]
    helpers = [names.unit(code) for code in data.assist]
    zh = ",协办 " + "、".join(unit.zh for unit in helpers) if helpers else ""
    en = "; assisting: " + ", ".join(unit.en for unit in helpers) if helpers else ""
    return Words(
        f"{because.zh} → {lead.zh}({level.zh}级主办){zh}",
        f"{because.en} → {lead.en} (lead, {level.en} level){en}",
    )


def _said(zh: str, en: str) -> Callable[[Any, Names], Words]:
    """A department's word, and its reason by the name that the rules give it."""

    def sentence(data: events.DepartmentEvent, names: Names) -> Words:
        if not data.reason:
            return Words(zh, en)
        return Words(f"{zh}({names.reason(data.reason)})", f"{en} ({data.reason})")

    return sentence


def _asked(data: events.ExtensionRequested, names: Names) -> Words:
    until = names.time(data.until) if data.until else "?"
    return Words(f"申请延期至 {until}", f"asks for time until {until}")


def _extended(data: events.Extended, names: Names) -> Words:
    until = names.time(data.until)
    return Words(f"准予延期至 {until}", f"grants time until {until}")


def _corrected(data: events.Corrected, names: Names) -> Words:
    return _understood(Words("更正为:", "put right: "), data, names)


def _update_refused(data: events.UpdateRefused, names: Names) -> Words:
    unit = names.unit(data.department)
    return Words(
        f"未接受{unit.zh}的“{ACTIONS[data.action]}”", f"refused `{data.action}` of {unit.en}"
    )


def _whistled(data: events.Whistled, names: Names) -> Words:
    units = [names.unit(code) for code in data.called]
    due_zh = f",{names.time(data.due)} 前报到" if data.due else ""
    due_en = f", to report by {names.time(data.due)}" if data.due else ""
    return Words(
        f"吹哨:呼叫 {'、'.join(unit.zh for unit in units)}{due_zh}",
        f"whistles for {', '.join(unit.en for unit in units)}{due_en}",
    )


def _whistle_missed(data: events.WhistleMissed, names: Names) -> Words:
    unit = names.unit(data.department)
    return Words(f"{unit.zh} 逾时未报到", f"{unit.en} has not reported in time")


def _mediation_failed(data: events.MediationFailed, _names: Names) -> Words:
    level = LEVELS[data.from_level]
    return Words(f"{level.zh}级调解未果,上交", f"mediation failed at {level.en} level")


def _part_excused(data: events.PartExcused, names: Names) -> Words:
    unit = names.unit(data.department)
    return Words(f"免除 {unit.zh} 的协办任务", f"excuses the part of {unit.en}")


def _reviewed(data: events.Reviewed, _names: Names) -> Words:
    zh, en = ("通过", "approved") if data.outcome == "approved" else ("有异议", "objected")
    return Words(f"法制审核:{zh}", f"legal review: {en}")


def _decision_refused(data: events.DecisionRefused, _names: Names) -> Words:
    return Words(f"未接受 {data.by} 的决定 {data.action}", f"refused `{data.action}` of {data.by}")


# ── sla ──────────────────────────────────────────────────────────────────────────────────────


def _deadlines(data: events.DeadlineSet, names: Names) -> Words:
    dues = [(KINDS[each.kind], names.time(each.due)) for each in data.deadlines]
    return Words(
        "时限:" + ",".join(f"{kind.zh} {due}" for kind, due in dues),
        "due: " + ", ".join(f"{kind.en} {due}" for kind, due in dues),
    )


def _warned(data: events.Warned, names: Names) -> Words:
    unit, kind, due = names.unit(data.department), KINDS[data.kind], names.time(data.due)
    if data.supervision:
        return Words(
            f"第 {data.nth} 次催办 {unit.zh}:督办尚未答复({kind.zh}逾期)",
            f"reminder {data.nth} to {unit.en}: supervision is unanswered ({kind.en} overdue)",
        )
    return Words(
        f"第 {data.nth} 次提醒 {unit.zh}:{kind.zh}限 {due}",
        f"reminder {data.nth} to {unit.en}: {kind.en} due {due}",
    )


def _at_risk(data: events.AtRisk, names: Names) -> Words:
    unit, kind = names.unit(data.department), KINDS[data.kind]
    return Words(
        f"预警:{unit.zh} {kind.zh}很可能逾期({data.likelihood:.0%})",
        f"at risk: {unit.en}, {kind.en} is {data.likelihood:.0%} likely to be late",
    )


def _overdue(data: events.Overdue, names: Names) -> Words:
    unit, kind, due = names.unit(data.department), KINDS[data.kind], names.time(data.due)
    return Words(
        f"逾期:{unit.zh} {kind.zh}限 {due} 已过", f"overdue: {unit.en}, {kind.en} due {due}"
    )


def _escalated(data: events.Escalated, _names: Names) -> Words:
    kind, below, above = KINDS[data.kind], LEVELS[data.from_level], LEVELS[data.to_level]
    return Words(
        f"升级:{below.zh}级 → {above.zh}级({kind.zh}逾期)",
        f"escalated: {below.en} → {above.en} ({kind.en} overdue)",
    )


def _supervised(data: events.Supervised, _names: Names) -> Words:
    kind = KINDS[data.kind]
    return Words(
        f"列入效能监察({kind.zh}逾期)", f"under efficiency supervision ({kind.en} overdue)"
    )


# ── rating ───────────────────────────────────────────────────────────────────────────────────


def _rated(data: events.Rated, _names: Names) -> Words:
    solved = {True: (",已解决", ", solved"), False: (",未解决", ", not solved"), None: ("", "")}
    zh, en = solved[data.solved]
    return Words(f"{stars(data.stars)}{zh}", f"{data.stars} of 5 stars{en}")


def _rating_refused(data: events.RatingRefused, _names: Names) -> Words:
    zh, en = RATERS[data.by]
    return Words(f"未接受{zh} {stars(data.stars)}", f"refused {data.stars} stars ({en})")


def _reopened(data: events.Reopened, _names: Names) -> Words:
    zh, en = (",升一级办理", ", one level up") if data.climbs else ("", "")
    return Words(f"第 {data.nth} 次重办{zh}", f"reopened, number {data.nth}{en}")


def _closed(data: events.Closed, _names: Names) -> Words:
    zh, en = ("群众已评价", "rated") if data.how == "rated" else ("期满无异议", "nobody objected")
    return Words(f"结案:{zh}", f"closed: {en}")


SENTENCES: Mapping[type[Payload], Callable[[Any, Names], Words]] = {
    events.Opened: _opened,
    events.ReportAdded: _report_added,
    events.Joining: _joining,
    events.ReportDeclined: _report_declined,
    events.ReportParted: _report_parted,
    events.Confirmed: _confirmed,
    events.TriageRequested: lambda _data, _names: Words("转人工分拨", "put on the triage queue"),
    events.Assigned: _assigned,
    events.Signed: _said("签收", "signed for it"),
    events.Returned: _said("退回", "returned it"),
    events.Progressed: _said("进展", "progress"),
    events.Paused: _said("挂起", "paused"),
    events.Resumed: _said("恢复办理", "resumed"),
    events.ExtensionRequested: _asked,
    events.Extended: _extended,
    events.Resolved: _said("办结", "resolved"),
    events.FeedbackGiven: _said("答复", "told the reporter"),
    events.Corrected: _corrected,
    events.Withdrawn: lambda data, _names: WITHDRAWN[data.how],
    events.UpdateRefused: _update_refused,
    events.DecisionRefused: _decision_refused,
    events.Whistled: _whistled,
    events.WhistleMissed: _whistle_missed,
    events.PartSigned: _said("报到,签收协办任务", "reported and signed its part"),
    events.PartDone: _said("协办任务完成", "has done its part"),
    events.PartExcused: _part_excused,
    events.Reviewed: _reviewed,
    events.MediationFailed: _mediation_failed,
    events.Merging: lambda data, _names: Words(
        f"拟并入 {data.into}", f"is to join case {data.into}"
    ),
    events.Adopted: lambda data, _names: Words(
        f"并入案件 {data.from_case}", f"case {data.from_case} joined it"
    ),
    events.AdoptionRefused: lambda data, _names: Words(
        f"未接受并入 {data.from_case}", f"case {data.from_case} cannot join it"
    ),
    events.Merged: lambda data, _names: Words(f"已并入 {data.into}", f"merged into {data.into}"),
    events.MergeRefused: lambda _data, _names: Words("并案未成", "the merge did not come about"),
    events.Unmerged: lambda data, _names: Words(
        f"撤销并案({data.into})", f"the merge into {data.into} is undone"
    ),
    events.DeadlineSet: _deadlines,
    events.Warned: _warned,
    events.AtRisk: _at_risk,
    events.Overdue: _overdue,
    events.Escalated: _escalated,
    events.Supervised: _supervised,
    events.Rated: _rated,
    events.RatingRefused: _rating_refused,
    events.Reopened: _reopened,
    events.Closed: _closed,
}
