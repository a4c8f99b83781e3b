"""The page of a `MonthView`, drawn from its counts.

    county ────────────────────────────────── what time it is     4 lines
    towns, with bars │ cases by status; by level; the pressure   13 lines
    overdue, escalated, supervised                                5 lines
    latest                                                        8 lines, or more where there is room

The rule to remember: 29 lines and 100 columns, whatever happens. Sentences that are too long are
cut, and of many towns the busiest are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from lab.story.vocabulary import LEVELS, STATUSES, Words
from lab.watch.tally import PHASES, Phase
from schemas import events
from schemas.envelope import Payload
from schemas.lifecycle import Status
from schemas.reference import Level

if TYPE_CHECKING:
    from lab.watch.view import MonthView, Told

TOWNS = 10
COLOURS: dict[Phase, str] = {"settled": "green", "open": "cyan", "late": "red"}
PHASE_WORDS: dict[Phase, Words] = {
    "settled": Words("办结", "settled"),
    "open": Words("在办", "open"),
    "late": Words("逾期", "late"),
}
COUNTED: dict[type[Payload], Words] = {
    events.Warned: Words("提醒", "warned"),
    events.Overdue: Words("逾期", "overdue"),
    events.Escalated: Words("升级", "escalated"),
    events.Supervised: Words("督办", "supervised"),
    events.Returned: Words("退回", "returned"),
    events.Reopened: Words("重办", "reopened"),
}
SHOWN = tuple(status for status in Status if status not in (Status.NEW, Status.MERGED))
"""A merged case is seen as the one that it joined."""


def page(view: MonthView) -> RenderableType:
    middle = Table.grid(expand=True)
    middle.add_column(ratio=52)
    middle.add_column(ratio=48)
    middle.add_row(_panel(_towns(view), "各镇 towns"), _panel(_figures(view), "案件 cases"))
    return Group(
        _head(view),
        middle,
        _panel(_told(view.alarms, view.ALARMS, "red"), "逾期·升级·督办 pressure", "red"),
        _panel(_told(view.latest, view.LATEST, ""), "最新 latest"),
    )


def _panel(body: RenderableType, title: str, colour: str = "dim") -> Panel:
    return Panel(body, title=title, title_align="left", border_style=colour, padding=(0, 1))


# ── head ─────────────────────────────────────────────────────────────────────────────────────


def _head(view: MonthView) -> RenderableType:
    title = Text(f"gridcase · {_county(view)}", "bold")
    rate = view.rate()
    events_so_far = Text(f"{view.tally.events:,} events" + (f" · {rate:,.0f}/s" if rate else ""))
    return Group(
        _apart(title, _time(view)), _apart(_figures_line(view), events_so_far), _month_bar(view)
    )


def _apart(left: Text, right: Text) -> Table:
    grid = Table.grid(expand=True)
    grid.add_column(ratio=1, no_wrap=True)
    grid.add_column(justify="right", no_wrap=True)
    grid.add_row(left, right)
    return grid


def _county(view: MonthView) -> str:
    rules = view.names.rules
    if rules is None:
        return ""
    manifest = rules.reference.manifest
    return " ".join(dict.fromkeys(name for name in (manifest.name, manifest.name_en) if name))


def _time(view: MonthView) -> Text:
    if view.now is None:
        return Text("等待事件 waiting for events", "dim")
    moment = f"{view.names.day(view.now)} {view.names.local(view.now):%H:%M}"
    label = "模拟时间 simulated " if view.simulated else "最近事件 last event "
    return Text.assemble((label, "dim"), (moment, "bold yellow"))


def _figures_line(view: MonthView) -> Text:
    total = f"/{view.total_reports}" if view.total_reports else ""
    parts = Text.assemble(("上报 reports ", "dim"), (f"{view.reports}{total}", "bold"))
    for phase in PHASES:
        zh, en = PHASE_WORDS[phase]
        parts.append(f"  {zh} {en} ", "dim")
        parts.append(str(view.tally.phases[phase]), f"bold {COLOURS[phase]}")
    return parts


def _month_bar(view: MonthView) -> Bar:
    """Of all reports that are to come: settled, open, late, and still to come."""
    counts = [view.tally.phases[phase] for phase in PHASES]
    return Bar(counts, max(view.total_reports or 0, sum(counts)))


@dataclass(frozen=True, slots=True)
class Bar:
    """As wide as there is room, for `total`: `counts` are by phase. A part that is not empty has a
    cell of its own; three cells are enough."""

    counts: Sequence[int]
    total: int

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        yield self.text(options.max_width)

    def __rich_measure__(self, _console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(4, options.max_width)

    def text(self, width: int) -> Text:
        text, reached, used = Text(), 0, 0
        waiting = sum(count > 0 for count in self.counts)
        for count, phase in zip(self.counts, PHASES, strict=True):
            reached += count
            waiting -= count > 0
            least = used + (count > 0)
            share = round(reached * width / max(self.total, 1))
            end = min(max(share, least), width - waiting)
            text.append("█" * (end - used), COLOURS[phase])
            used = end
        return text.append("░" * (width - used), "bright_black")


# ── towns ────────────────────────────────────────────────────────────────────────────────────


def _towns(view: MonthView) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(no_wrap=True, max_width=14, overflow="ellipsis")
    grid.add_column(ratio=1)
    for _ in PHASES:
        grid.add_column(justify="right", min_width=4)
    heads = (Text(PHASE_WORDS[phase].zh, COLOURS[phase]) for phase in PHASES)
    grid.add_row("", Text("settled · open · late", "dim"), *heads)
    rows = _town_rows(view)
    most = max((sum(counts) for _, counts in rows), default=0)
    for name, counts in rows:
        figures = (Text(str(count), "" if count else "dim") for count in counts)
        grid.add_row(name, Bar(counts, most), *figures)
    for _ in range(TOWNS - len(rows)):
        grid.add_row("")
    return grid


def _town_rows(view: MonthView) -> list[tuple[str, list[int]]]:
    """In the order of the reference data; of many, the busiest, and the others together."""
    rules = view.names.rules
    areas = rules.reference.areas if rules else ()
    codes: list[str | None] = [area.code for area in areas if area.kind == "town"]
    counts = {code: [view.tally.towns[code, phase] for phase in PHASES] for code in (*codes, None)}
    room = TOWNS if len(codes) <= TOWNS and not any(counts[None]) else TOWNS - 1
    busiest = sorted(codes, key=lambda code: -sum(counts[code]))[:room]
    rows = [(view.names.area(code or ""), counts[code]) for code in codes if code in busiest]
    rest = [counts[code] for code in counts if code not in busiest]
    others = [sum(column) for column in zip(*rest, strict=True)]
    return [*rows, ("其他 others", others)] if room < TOWNS else rows


# ── figures ──────────────────────────────────────────────────────────────────────────────────


def _figures(view: MonthView) -> RenderableType:
    return Group(_statuses(view), "", _levels(view), _pressure(view))


def _pairs(cells: Sequence[tuple[Words, Text]]) -> Table:
    """Words and a number, two to a row."""
    grid = Table.grid(padding=(0, 1), expand=True)
    for _ in range(2):
        grid.add_column(no_wrap=True)
        grid.add_column(justify="right", ratio=1, no_wrap=True)
        grid.add_column()
    for first in range(0, len(cells), 2):
        pair = cells[first : first + 2]
        grid.add_row(*(part for words, n in pair for part in (_label(words), n, "")))
    return grid


def _label(words: Words) -> Text:
    return Text.assemble(words.zh, (f" {words.en}", "dim"))


def _number(count: int, colour: str = "bold") -> Text:
    return Text(f"{count:,}", colour if count else "dim")


def _statuses(view: MonthView) -> Table:
    return _pairs([(STATUSES[each], _number(view.tally.statuses[each])) for each in SHOWN])


def _levels(view: MonthView) -> Table:
    grid = Table.grid(padding=(0, 1), expand=True)
    grid.add_column(ratio=1)
    for _ in Level:
        grid.add_column(justify="right", no_wrap=True)
    grid.add_row("", *(_label(LEVELS[level]) for level in Level))
    for phases, words in ((PHASES[:1], PHASE_WORDS["settled"]), (PHASES[1:], PHASE_WORDS["open"])):
        counts = (sum(view.tally.levels[level, phase] for phase in phases) for level in Level)
        grid.add_row(_label(words), *(_number(count) for count in counts))
    return grid


def _pressure(view: MonthView) -> Table:
    counts = ((words, view.tally.happened[kind]) for kind, words in COUNTED.items())
    return _pairs([(words, _number(count, "bold yellow")) for words, count in counts])


# ── sentences ────────────────────────────────────────────────────────────────────────────────


def _told(told: Sequence[Told], lines: int, colour: str) -> Text:
    """The newest first; empty lines keep the page from jumping."""
    sentences = [words.replace("\n", " ") for _, _, words in reversed(told)]
    text = Text("\n".join(sentences + [""] * (lines - len(sentences))), colour)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
