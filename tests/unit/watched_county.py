"""A view of the small county, and cases that go on in it: for stories about watching."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from lab.accepted import Accepted
from lab.watch.view import MonthView
from schemas import events, ids
from schemas.envelope import Message
from schemas.rulebook import Rulebook
from tests.county import small_county
from tests.story import moment
from tests.unit.router_words import assigned, clocked, opened, said

RULES = Rulebook(small_county())


class County:
    """A view, and cases that go on in it; every event lands an hour after the one before."""

    def __init__(self, total: int | None = None, rules: Rulebook = RULES) -> None:
        self.seconds = 0.0
        self.view = MonthView(rules, total, clock=lambda: self.seconds)
        self.accepted = Accepted()
        self.count = 0

    def tell(self, case: str, data: events.CaseEvent, hours: float | None = None) -> County:
        self.count += 1
        at = moment(self.count if hours is None else hours)
        event = Message(ids.derive(self.count), f"/services/{data.WRITER}", case, at, data)
        assert self.accepted.admits(event), "the story is impossible"
        self.view.on_event(event)
        return self

    def holding(self, case: str) -> str:
        return self.accepted.holding(case) or ""

    def held(self, case: str, area: str = "g111") -> County:
        self.tell(case, opened(area=area))
        return self.tell(case, assigned(holding=self.holding(case), area=area))

    def says(self, case: str, event: type[events.DepartmentEvent], **more: Any) -> County:
        return self.tell(case, said(event, self.holding(case), **more))

    def late(self, case: str) -> County:
        return self.tell(case, clocked(events.Overdue, self.holding(case), climbs=True))

    def page(self, width: int = 100) -> str:
        console = Console(width=width, record=True, file=StringIO())
        console.print(self.view)
        return console.export_text()
