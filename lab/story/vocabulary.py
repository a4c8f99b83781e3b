"""The words for what the contract names by codes, in Chinese and in English: one table a kind.

The rule to remember: one word for one thing; levels, services and `Words` itself are those of the
scorecards.
"""

from __future__ import annotations

from collections.abc import Mapping

from schemas.events import AssignedBecause
from schemas.inputs import Action, RatedBy, ReporterKind
from schemas.lifecycle import Status
from schemas.reference import DeadlineKind, Urgency
from services.rating.measures import LEVELS, SERVICES, Words

__all__ = [
    "ACTIONS", "ASSIGNED", "KINDS", "LEVELS", "OURS", "RATERS", "REPORTERS", "SERVICES", "STATUSES",
    "UNITS", "URGENCIES", "WITHDRAWN", "Words", "duration", "span", "stars",
]  # fmt: skip

STATUSES: Mapping[Status, Words] = {
    Status.NEW: Words("未立案", "new"),
    Status.OPEN: Words("待分派", "open"),
    Status.TRIAGE: Words("待分拨", "in triage"),
    Status.ASSIGNED: Words("待签收", "assigned"),
    Status.SIGNED: Words("办理中", "signed"),
    Status.PAUSED: Words("挂起", "paused"),
    Status.RESOLVED: Words("已办结", "resolved"),
    Status.CLOSED: Words("已结案", "closed"),
    Status.WITHDRAWN: Words("已撤销", "withdrawn"),
    Status.MERGED: Words("已并案", "merged"),
}
KINDS: Mapping[DeadlineKind, Words] = {
    DeadlineKind.SIGN: Words("签收", "sign"),
    DeadlineKind.RESPOND: Words("首次答复", "respond"),
    DeadlineKind.RESOLVE: Words("办理", "resolve"),
    DeadlineKind.CASE: Words("全程", "case"),
}
URGENCIES: Mapping[Urgency, Words] = {
    Urgency.NORMAL: Words("一般", "normal"),
    Urgency.URGENT: Words("紧急", "urgent"),
    Urgency.EMERGENCY: Words("突发", "emergency"),
}
UNITS: Mapping[str, Words] = {
    "m": Words("分钟", "min"),
    "h": Words("小时", "h"),
    "wh": Words("工作小时", "working h"),
    "wd": Words("个工作日", "working d"),
    "cd": Words("天", "d"),
}
OURS: Mapping[str, Words] = {
    "intake": Words("系统受理", "intake"),
    "router": Words("系统分派", "router"),
    "sla": Words("系统计时", "sla"),
    "rating": Words("系统评价", "rating"),
}
REPORTERS: Mapping[ReporterKind, Words] = {
    ReporterKind.RESIDENT: Words("群众", "a resident"),
    ReporterKind.GRID_WORKER: Words("网格员", "a grid worker"),
    ReporterKind.OFFICIAL: Words("干部", "an official"),
    ReporterKind.DEPUTY: Words("代表", "a deputy"),
    ReporterKind.DEVICE: Words("设备", "a device"),
}
RATERS: Mapping[RatedBy, Words] = {
    RatedBy.RESIDENT: Words("群众评价", "resident"),
    RatedBy.VISIT: Words("回访", "return visit"),
    RatedBy.POLL: Words("民调", "poll"),
}
ASSIGNED: Mapping[AssignedBecause, Words] = {
    AssignedBecause.ROUTED: Words("分派", "assigned"),
    AssignedBecause.RETURNED: Words("退回后改派", "reassigned after a return"),
    AssignedBecause.ESCALATED: Words("升级后转由上级", "taken over one level up"),
    AssignedBecause.REOPENED: Words("重办交由", "given out again"),
    AssignedBecause.TRIAGE: Words("人工分拨", "assigned by triage"),
    AssignedBecause.CORRECTED: Words("更正后改派", "reassigned after a correction"),
    AssignedBecause.PASSED_UP: Words("调解未果上交", "passed up after mediation failed"),
    AssignedBecause.HEIR: Words("由承接单位接办", "taken over by the heir"),
}
WITHDRAWN: Mapping[str, Words] = {
    "rejected": Words("不予受理", "rejected"),
    "withdrawn": Words("撤回", "withdrawn"),
    "closed": Words("人工结案", "closed by hand"),
}
ACTIONS: Mapping[Action, str] = {
    Action.SIGN: "签收", Action.RETURN: "退回", Action.PROGRESS: "进展", Action.PAUSE: "挂起",
    Action.RESUME: "恢复", Action.EXTEND: "延期", Action.RESOLVE: "办结", Action.FEEDBACK: "答复",
    Action.PART_DONE: "部分办结", Action.WHISTLE: "吹哨", Action.PASS_UP: "上交", Action.ANSWER_SUPERVISION: "督办答复",
}  # fmt: skip


def stars(count: int) -> str:
    return "★" * count + "☆" * (5 - count)


def duration(text: str) -> Words:
    """``4wh`` as 4 工作小时, 4 working h. Another text is left as it is."""
    number = text.rstrip("mhcdw")
    unit = UNITS.get(text.removeprefix(number))
    return Words(f"{number} {unit.zh}", f"{number} {unit.en}") if unit else Words(text, text)


def span(seconds: float) -> Words:
    """Time elapsed in its two largest units: 2 天 3 小时, 2 d 3 h; the sign is left out."""
    minutes = round(abs(seconds) / 60)
    days, hours, left = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "天", "d"), (hours, "小时", "h"), (left, "分钟", "min")]
    start = next((i for i, part in enumerate(parts) if part[0]), 2)
    shown = [part for i, part in enumerate(parts[start : start + 2]) if part[0] or not i]
    return Words(
        " ".join(f"{n} {zh}" for n, zh, _ in shown), " ".join(f"{n} {en}" for n, _, en in shown)
    )
