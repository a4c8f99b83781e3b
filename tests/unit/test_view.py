"""The live view: what it counts, what it says, and that it fits."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from lab.accepted import Accepted
from lab.watch.tally import Seen
from lab.watch.view import MonthView, progress
from lab.watch.view_page import Bar
from lab.watch.watching import Watcher
from schemas import envelope, events, ids, topics
from schemas.envelope import Message
from schemas.lifecycle import Status
from schemas.reference import Area, Level
from schemas.rulebook import Rulebook
from services.shell.settings import Settings
from tests.county import small_county
from tests.story import moment
from tests.unit.router_words import assigned, clocked, escalated, opened, reopened, said
from tests.unit.watched_county import RULES, County

# ── counting ─────────────────────────────────────────────────────────────────────────────────


def test_a_case_is_counted_once_in_each_table() -> None:
    county = County().held("a").held("b", "g211").says("b", events.Signed)
    tally = county.view.tally
    assert tally.statuses[Status.ASSIGNED] == 1 and tally.statuses[Status.SIGNED] == 1
    assert (tally.towns["t1", "open"], tally.towns["t2", "open"]) == (1, 1)
    assert tally.levels[Level.VILLAGE, "open"] == 2
    assert tally.levels[None, "open"] == 0


def test_a_late_case_is_late_until_it_is_settled() -> None:
    county = County().held("a").late("a")
    assert county.view.tally.phases == {"late": 1, "open": 0}
    county.says("a", events.Resolved)
    assert county.view.tally.phases == {"settled": 1, "late": 0, "open": 0}


def test_a_reopened_case_begins_without_being_late() -> None:
    county = County().held("a").late("a").says("a", events.Resolved)
    county.tell("a", reopened(county.holding("a")))
    assert county.view.tally.cases["a"].phase == "open"


def test_a_corrected_case_moves_to_its_right_town() -> None:
    county = County().held("a")
    county.tell("a", events.Confirmed(decision_id="d", by="o", area="g211", changed=True))
    assert (county.view.tally.towns["t1", "open"], county.view.tally.towns["t2", "open"]) == (0, 1)


STEPS = (
    lambda: opened(),
    lambda: assigned(level=Level.VILLAGE),
    lambda: assigned(level=Level.TOWN, lead="governance-t1"),
    lambda: said(events.Signed, ""),
    lambda: said(events.Returned, "", reason="not-ours"),
    lambda: said(events.Resolved, ""),
    lambda: clocked(events.Overdue, None, climbs=True),
    lambda: reopened(""),
    lambda: events.Closed(holding="", how="silence"),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(STEPS)), max_size=40))
def test_every_table_always_counts_every_case_once(steps: list[tuple[str, Any]]) -> None:
    accepted, view = Accepted(), MonthView(RULES)
    for n, (case, make) in enumerate(steps):
        data = make()
        if data.__class__ is not events.Opened and getattr(data, "holding", None) is not None:
            data = data.model_copy(update={"holding": accepted.holding(case) or ""})
        event = Message(ids.derive(n), f"/services/{data.WRITER}", case, moment(n), data)
        if accepted.admits(event):
            view.on_event(event)
    tally, cases = view.tally, len(accepted.standings)
    for table in (tally.statuses, tally.phases, tally.towns, tally.levels):
        assert sum(table.values()) == cases and min(table.values(), default=0) >= 0
    for case, standing in accepted.standings.items():
        assert tally.cases.get(case, Seen()).status is standing.status


# ── the page ─────────────────────────────────────────────────────────────────────────────────


def test_the_page_shows_county_towns_levels_and_the_latest_sentences() -> None:
    page = County(10).held("a").late("a").page()
    for words in ("小县 Small county", "t1镇", "t2镇", "1/10", "县 county", "→ v11村委会",
                  "逾期:无单位"):  # fmt: skip
        assert words in page


def test_pressure_is_shown_apart_so_that_signatures_do_not_wash_it_away() -> None:
    county = County().held("a").late("a")
    county.tell("a", escalated(county.holding("a")))
    for n in range(20):
        county.held(f"other {n}")
    assert "升级:村级 → 镇级" in county.page()


def test_minor_news_is_counted_and_not_told() -> None:
    county = County().held("a").says("a", events.Signed)
    county.says("a", events.Progressed, result="正在看")
    assert "正在看" not in county.page()
    assert county.view.tally.events == 4


def test_the_latest_sentences_are_in_the_order_of_time_whatever_came_first() -> None:
    county = County()
    for hours in (5, 1, 9, 3):
        county.tell(f"case {hours}", opened(), hours)
    assert [told[0] for told in county.view.latest] == [moment(h) for h in (1, 3, 5, 9)]


def test_newer_news_pushes_out_the_oldest_and_never_the_other_way_round() -> None:
    county = County()
    for hours in (*range(10, 10 + MonthView.LATEST), 1):
        county.tell(f"case {hours}", opened(), hours)
    assert county.view.latest[0][0] == moment(10)
    county.tell("newest", opened(), 99)
    assert [told[0] for told in county.view.latest][:: MonthView.LATEST - 1] == [
        moment(11),
        moment(99),
    ]


@pytest.mark.parametrize("width", [100, 140])
def test_the_page_is_twenty_nine_lines_and_no_wider_than_the_terminal(width: int) -> None:
    county = County(500)
    empty = county.page(width)
    for n in range(40):
        county.held(str(n)).late(str(n)).says(str(n), events.Resolved, result="很长" * 200)
    for page in (empty, county.page(width)):
        assert len(page.splitlines()) == 29
    lines = Console(width=width).render_lines(county.view, pad=False)
    assert max(sum(segment.cell_length for segment in line) for line in lines) <= width


def test_of_many_towns_the_busiest_are_shown_and_the_others_together() -> None:
    small = small_county()
    towns = [Area(code=f"x{n}", name=f"X{n}", kind="town", parent="c") for n in range(20)]
    county = County(rules=Rulebook(small.model_copy(update={"areas": (*small.areas, *towns)})))
    page = county.held("a", "x19").held("b", "x18").held("c", "c").page()
    assert "X19" in page and "X18" in page and "X17" not in page and "其他 others" in page
    assert len(page.splitlines()) == 29


def test_without_rules_everything_is_elsewhere_and_still_counted() -> None:
    view = MonthView(None)
    view.on_event(Message(ids.derive("e"), "/services/intake", "a", moment(), opened()))
    console = Console(width=100, record=True, file=StringIO())
    console.print(view)
    assert "其他 others" in console.export_text() and view.reports == 1


def test_stream_time_is_told_as_simulated() -> None:
    county = County().held("a")
    assert "simulated" not in county.page()
    county.view.on_tick(moment(48))
    assert "simulated 2022-07-06 周三 Wed 09:00" in county.page()


@given(
    st.lists(st.integers(0, 500), min_size=3, max_size=3), st.integers(3, 120), st.integers(0, 99)
)
def test_a_bar_is_exactly_as_wide_as_asked_and_hides_no_part(
    counts: list[int], width: int, to_come: int
) -> None:
    text = Bar(counts, sum(counts) + to_come).text(width)
    assert text.cell_len == width
    drawn = {str(span.style) for span in text.spans if span.end > span.start}
    for count, colour in zip(counts, ("green", "cyan", "red"), strict=True):
        assert (colour in drawn) == (count > 0)


# ── one line, and throughput ─────────────────────────────────────────────────────────────────


def test_where_there_is_no_terminal_one_line_says_it_all() -> None:
    line = progress(County(10).held("a").late("a").view)
    assert line == (
        "2022-07-04 12:00  1/10 reports · settled 0 · open 0 · late 1 · overdue 1 · escalated 0 · "
        "supervised 0 · 3 events, 0/s"
    )


def test_before_the_first_event_there_is_a_line_too() -> None:
    assert progress(MonthView(RULES)).startswith("-  0 reports")


def test_throughput_is_of_the_last_whole_seconds() -> None:
    county = County()
    for n in range(20):
        county.seconds = n / 10
        county.held(str(n))
    county.seconds = 2.0
    assert county.view.rate() == 40 / 5
    county.seconds = 60.0
    assert county.view.rate() == 0


# ── from the broker ──────────────────────────────────────────────────────────────────────────


class Record:
    def __init__(self, offset: int, value: bytes | None) -> None:
        self.partition, self.offset, self.value = 0, offset, value


async def test_a_watcher_counts_no_copies_and_passes_over_what_it_cannot_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    event = envelope.write(
        Message(ids.derive("e"), "/services/intake", ids.derive("a"), moment(), opened())
    )

    async def follow(_settings: Settings, topic: str) -> Any:
        assert topic == topics.CASE_EVENTS.name
        for offset, value in enumerate([event, b"not json", None, event]):
            yield Record(offset, value)

    async def ends(_watcher: Watcher) -> dict[int, int]:
        return {0: 4}

    monkeypatch.setattr("lab.watch.watching.follow", follow)
    monkeypatch.setattr(Watcher, "_ends", ends)
    watcher = Watcher(Settings(), MonthView(RULES))
    await watcher.follow_events()
    await watcher.caught_up()
    assert watcher.view.tally.events == 1 and watcher.accepted.copies == 1
