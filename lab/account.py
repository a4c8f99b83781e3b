"""The account of an import: what became of every row.

    outcomes ─► rejected by the mapping, or sent ─► events ─► accepted as a case, or rejected by intake

The rule to remember: the two ends together are all rows, or the account does not balance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lab.importing import Accepted, Outcome, Rejected
from schemas.envelope import Message
from schemas.events import Opened, ReportAdded, Resolved

OWN_DATE = re.compile(r"(?<=^submitted_at )\d{4}-\d\d-\d\d")
"""What a reason says of one report alone; without it, reports refused alike count together."""
NAMED = 10
"""So many different reasons are named, the most frequent first."""


@dataclass(slots=True)
class Account:
    """Ids of `opened` and `refused` are the source's own; those of `resolved` are the cases'."""

    source: str
    rows: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    """By the mapping, by reason."""
    first_line: dict[str, int] = field(default_factory=dict)
    """Of each reason."""
    notes: Counter[str] = field(default_factory=Counter)
    endings: int = 0
    """Rows that say how they ended."""
    late: int = 0
    """Not sent, as they lie after the end of the import."""
    sent: int = 0
    opened: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    """By intake, with the reason."""
    resolved: set[str] = field(default_factory=set)
    seconds: float = 0.0
    stopped: bool = False
    """The services did not come to rest, so what follows is what had happened until then."""

    @property
    def balances(self) -> bool:
        accepted, refused = len(self.opened), len(self.refused)
        return accepted + refused + self.rejected.total() + self.late == self.rows

    def row(self, outcome: Outcome) -> Accepted | None:
        """Take in what the mapping made of a row; the row, if it is to be sent."""
        self.rows += 1
        if isinstance(outcome, Rejected):
            self.rejected[outcome.reason] += 1
            self.first_line.setdefault(outcome.reason, outcome.line)
            return None
        self.notes.update(outcome.notes)
        self.endings += outcome.resolution is not None
        return outcome

    def see(self, event: Message[Any]) -> None:
        """Take in an event that the log accepted."""
        match event.data:
            case Opened() | ReportAdded() as came if came.source == self.source:
                self.opened.add(came.report_id)
            case Resolved():
                self.resolved.add(event.subject)

    def as_data(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "source": self.source,
            "rows": self.rows,
            "rejected_by_mapping": dict(self.rejected),
            "after_the_end": self.late,
            "sent": self.sent,
            "accepted": len(self.opened),
            "rejected_by_intake": dict(Counter(self.refused.values())),
            "endings": self.endings,
            "resolved": len(self.resolved),
            "seconds": round(self.seconds, 2),
            "stopped": self.stopped,
            "balances": self.balances,
        }

    def lines(self) -> Iterator[tuple[str, int]]:
        """The account in words and numbers, from the file to the cases."""
        yield "rows", self.rows
        yield "rejected by the mapping", self.rejected.total()
        yield from self._rejected()
        yield "not sent, as they lie after the end", self.late
        yield "sent", self.sent
        yield "  accepted", len(self.opened)
        yield "  rejected by intake", len(self.refused)
        yield from _named(Counter(OWN_DATE.sub("<date>", why) for why in self.refused.values()))
        yield f"resolved, of {self.endings:,} that say how they ended", len(self.resolved)
        yield from self.notes.items()
        yield "reports a second", round(self.sent / self.seconds) if self.seconds else 0

    def _rejected(self) -> Iterator[tuple[str, int]]:
        told = {f"{reason} (first in line {self.first_line[reason]})": count
                for reason, count in self.rejected.items()}  # fmt: skip
        yield from _named(Counter(told))


def _named(reasons: Counter[str]) -> Iterator[tuple[str, int]]:
    named = reasons.most_common(NAMED)
    yield from ((f"    {reason}", count) for reason, count in named)
    if len(reasons) > NAMED:
        others = reasons.total() - sum(count for _, count in named)
        yield f"    {len(reasons) - NAMED} other reasons", others
