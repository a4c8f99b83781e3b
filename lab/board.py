"""A department's board: its open assignments, from its own topic alone.

    assignments.<department> ─► Board ─► a line for each case that it has, what is due, what was said

The rule to remember: the board shows what the platform has told; what the department has just sent
is marked as sent until the platform says more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from schemas import outputs
from schemas.envelope import Message

OVER = frozenset({"case.closed.v1", "case.resolved.v1"})
"""What ends the department's work on a case; `case.reopened` brings a new assignment."""
REFUSALS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One case on the board."""

    case: str
    role: str
    level: str
    category: str
    area: str
    text: str
    since: datetime
    due: datetime | None = None
    due_kind: str = ""
    news: str = "new 新"
    late: bool = False
    first_step: str | None = None


@dataclass(slots=True)
class Board:
    department: str
    lines: dict[str, Line] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    def hear(self, message: Message[Any]) -> None:
        """Take in one message of the department's topic; a repeat changes nothing more."""
        data = message.data
        match data:
            case outputs.AssignmentCreated():
                self.lines[data.case_id] = _line(data)
            case outputs.AssignmentRevoked():
                self.lines.pop(data.case_id, None)
            case outputs.UpdateRefusal():
                said = f"{data.action or 'update'} on {data.case_id[:8]}: {data.reason}"
                self.refused = [*self.refused, said][-REFUSALS:]
                self._change(data.case_id, news=f"refused {data.action or ''}")
            case outputs.AssignmentChanged(event=event) if event in OVER:
                self.lines.pop(data.case_id, None)
            case outputs.AssignmentChanged():
                self._changed(data)
            case outputs.AssignmentReminder():
                self._change(data.case_id, news=f"reminder: {data.kind}")
            case outputs.AssignmentOverdue():
                self._change(data.case_id, news=f"overdue: {data.kind}", late=True)
            case outputs.AssignmentSupervised():
                self._change(data.case_id, news="supervised 督办", late=True)

    def sent(self, case: str, action: str) -> None:
        self._change(case, news=f"{action} sent")

    def in_order(self) -> list[Line]:
        """What is due first, first; without a due time the oldest."""
        return sorted(
            self.lines.values(), key=lambda line: (not line.late, line.due or line.since, line.case)
        )

    def case(self, word: str) -> str | None:
        """The case that a line's number, an id or the beginning of one means."""
        lines = self.in_order()
        if word.isdigit() and 1 <= int(word) <= len(lines):
            return lines[int(word) - 1].case
        found = [line.case for line in lines if line.case.startswith(word)]
        return found[0] if len(found) == 1 else None

    def _changed(self, data: outputs.AssignmentChanged) -> None:
        words = data.event.removeprefix("case.").removesuffix(".v1")
        news = f"{words}: {data.words}" if data.words else words
        if not data.deadlines:
            self._change(data.case_id, news=news)
            return
        kind, due = min(data.deadlines.items(), key=lambda item: item[1])
        self._change(data.case_id, due=due, due_kind=str(kind))

    def _change(self, case: str, **changes: Any) -> None:
        if case in self.lines:
            self.lines[case] = replace(self.lines[case], **changes)


def _line(data: outputs.AssignmentCreated) -> Line:
    news = "wrongly returned 退回有误" if data.wrong_return else "new 新"
    if data.report_by is not None:
        news = f"called 吹哨: report by {data.report_by:%m-%d %H:%M}Z"
    return Line(
        case=data.case_id,
        role=data.role if not data.part else f"{data.role}, part",
        level=data.level.value,
        category=data.category or "–",
        area=data.area,
        text=data.text,
        since=data.at,
        due=data.report_by,
        due_kind="sign" if data.report_by else "",
        news=news,
        first_step=data.first_step,
    )
