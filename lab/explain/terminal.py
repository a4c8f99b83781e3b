"""The timeline in a terminal: a bar for each clock, and under it the rule for each due time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.console import Group
from rich.text import Text

from lab.explain.lanes import Lane, Timeline
from lab.explain.words import OUTCOMES, reasons, title
from lab.story.naming import Names
from lab.story.sentences import SENTENCES

WIDTH = 72
BARS = {"running": ("━", "green"), "paused": ("┄", "yellow"), "late": ("█", "red")}
NONE = " "


def render(drawn: Timeline, names: Names) -> Group:
    first, last = names.time(drawn.opened), names.time(drawn.end)
    axis = Text(f"{first}{'─' * (WIDTH - len(first) - len(last))}{last}", "dim")
    legend = Text(
        "━ runs 计时  ┄ paused 挂起  █ late 逾期  ◆ due 时限  › due later  ▾ now 当前", "dim"
    )
    parts: list[Any] = [legend, axis, _now(drawn)]
    for lane in drawn.lanes:
        parts += [_head(lane, names), _bar(lane, drawn)]
        parts += [Text(f"  {words.en}", "dim") for words in reasons(lane, names)]
    parts += [Text(""), *_marks(drawn, names)]
    return Group(*parts)


def _now(drawn: Timeline) -> Text:
    place = _place(min(drawn.now, drawn.end), drawn)
    return Text(" " * place + "▾", "bold")


def _head(lane: Lane, names: Names) -> Text:
    words, outcome = title(lane, names), OUTCOMES[lane.outcome]
    colour = {"late": "red", "met": "green", "paused": "yellow"}.get(lane.outcome, "default")
    text = Text(f"{words.zh} / {words.en}  ", "bold")
    return text.append(f"{outcome.zh} {outcome.en}", colour)


def _bar(lane: Lane, drawn: Timeline) -> Text:
    cells = [(NONE, "")] * WIDTH
    for span in lane.spans:
        start, end = _place(span.start, drawn), _place(span.end, drawn)
        cells[start : max(end, start + 1)] = [BARS[span.how]] * (max(end, start + 1) - start)
    for due in lane.dues[:-1]:
        cells[_place(due.at, drawn)] = ("◇", "dim")
    mark = "◆" if lane.due.at <= drawn.end else "›"  # due after all that is drawn
    cells[_place(lane.due.at, drawn)] = (mark, "bold red" if lane.outcome == "late" else "bold")
    text = Text()
    for mark, style in cells:
        text.append(mark, style)
    return text


def _place(moment: datetime, drawn: Timeline) -> int:
    whole = (drawn.end - drawn.opened).total_seconds() or 1
    share = (moment - drawn.opened).total_seconds() / whole
    return min(max(round(share * (WIDTH - 1)), 0), WIDTH - 1)


def _marks(drawn: Timeline, names: Names) -> Iterator[Text]:
    for mark in drawn.marks:
        words = SENTENCES[type(mark.event.data)](mark.event.data, names)
        yield Text(f"{names.time(mark.at)}  {words.en}")
