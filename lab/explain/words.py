"""What a lane says in words, for the terminal and for the drawing alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.explain.lanes import Due, Lane
from lab.story.naming import Names
from lab.story.vocabulary import KINDS, LEVELS, Words, duration
from services.sla.clocks import ReadingStatus

OUTCOMES: Mapping[ReadingStatus, Words] = {
    "met": Words("按时", "met"),
    "late": Words("逾期", "late"),
    "running": Words("计时中", "running"),
    "paused": Words("挂起", "paused"),
    "ended": Words("终止", "ended"),
}


def title(lane: Lane, names: Names) -> Words:
    """``办理 · 县综合局 / resolve · County bureau``; a clock of the case has no department."""
    kind = KINDS[lane.kind]
    if lane.department is None:
        return kind
    unit = names.unit(lane.department)
    level = LEVELS[lane.level] if lane.level else Words("", "")
    return Words(f"{kind.zh} · {unit.zh}({level.zh})", f"{kind.en} · {unit.en} ({level.en})")


def reasons(lane: Lane, names: Names) -> Iterator[Words]:
    """Each due time, and the rule that it follows from."""
    for number, due in enumerate(lane.dues):
        yield _reason(due, names, moved=number > 0)


def _reason(due: Due, names: Names, *, moved: bool) -> Words:
    since, at, long = names.time(due.since), names.time(due.at), duration(due.duration)
    unsure = Words("(暂定)", " (provisional)") if due.provisional else Words("", "")
    if moved:
        return Words(
            f"{since} 改为 {at}{unsure.zh}:{due.why}", f"{since} → due {at}{unsure.en}: {due.why}"
        )
    rule = f"{due.policy}, {due.version or '?'}"
    return Words(
        f"应于 {at}{unsure.zh} = {since} + {long.zh}(政策 {rule})",
        f"due {at}{unsure.en} = {since} + {long.en} (policy {rule})",
    )
