"""A told story as a timeline for the terminal, and as JSON.

    Line, Line, …, Stand ─┬─ render()   a rich renderable, good in 100 columns
                          └─ as_data()  one JSON object

The rule to remember: what counts for nothing is grey and says so; all else has one colour by what
it means for the reporter: going on, done, or late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from typing import Any, Literal

import orjson
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from lab.story.grounds import short
from lab.story.naming import Names
from lab.story.storytelling import Line, Stand
from lab.story.vocabulary import KINDS, LEVELS, STATUSES, Words, span
from schemas.rulebook import Rulebook
from services.sla.clocks import Reading, ReadingStatus

Lang = Literal["both", "zh", "en"]

COLOURS = {
    "opened": "cyan", "report-added": "cyan", "assigned": "blue", "signed": "blue",
    "resolved": "green", "closed": "green", "rated": "green", "returned": "magenta",
    "triage-requested": "magenta", "paused": "magenta", "reopened": "yellow", "warned": "yellow",
    "overdue": "red", "escalated": "red", "supervised": "red",
}  # fmt: skip
"""All others are white."""
READINGS: dict[ReadingStatus, tuple[str, Words]] = {
    "met": ("green", Words("按时,提前", "met, ahead by")),
    "late": ("red", Words("逾期", "late by")),
    "running": ("cyan", Words("剩", "left:")),
    "paused": ("magenta", Words("挂起,剩", "paused, left:")),
    "ended": ("dim", Words("已结束", "ended")),
}


def render(
    case: str, lines: list[Line], standing: Stand, rules: Rulebook | None, lang: Lang
) -> RenderableType:
    """The case's timeline, day by day, and below it how it stands."""
    names = Names(rules)
    parts: list[RenderableType] = [Text.assemble(("case ", "dim"), (case, "bold"))]
    for _, group in groupby(lines, key=lambda line: line.at.date()):
        told = list(group)
        parts += [Rule(names.day(told[0].at), align="left", style="dim"), _table(told, lang)]
    return Group(*parts, _stand(standing, names, lang))


def pick(words: Words, lang: Lang) -> tuple[str, ...]:
    """One language, or both, one after the other; the same words are not told twice."""
    if lang == "both":
        return tuple(dict.fromkeys(words))
    return (words.zh if lang == "zh" else words.en,)


def _table(lines: Iterable[Line], lang: Lang) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(width=5)
    table.add_column(width=1)
    table.add_column(overflow="fold", ratio=1)
    for line in lines:
        dot = Text("○" if line.void else "●", style=_colour(line))
        table.add_row(Text(f"{line.at:%H:%M}", style=_dimmed(line)), dot, _body(line, lang))
    return table


def _colour(line: Line) -> str:
    return "bright_black" if line.void else COLOURS.get(line.type.split(".")[1], "white")


def _dimmed(line: Line) -> str:
    return "bright_black" if line.void else ""


def _body(line: Line, lang: Lang) -> Text:
    """Who and what, their own words, the grounds, and where it came from, one below the other."""
    void, faint = _dimmed(line), _dimmed(line) or "dim"
    first, *others = pick(_sentence(line), lang)
    rows = [Text(first, style=void or "bold"), *(Text(other, style=void) for other in others)]
    if line.void:
        rows += [Text(words, style=f"{void} italic") for words in pick(line.void, lang)]
    if line.quote:
        rows.append(Text(f"“{line.quote}”", style=void or "italic"))
    rows += [Text(words, style=faint) for words in pick(_grounds(line), lang) if words]
    rows.append(Text(_origin(line, lang), style=faint))
    return Text("\n").join(rows)


def _sentence(line: Line) -> Words:
    return Words(f"{line.who.zh} · {line.what.zh}", f"{line.who.en} · {line.what.en}")


def _grounds(line: Line) -> Words:
    return Words(
        ";".join(ground.zh for ground in line.grounds), "; ".join(g.en for g in line.grounds)
    )


def _origin(line: Line, lang: Lang) -> str:
    """``7e34195f ← answers opened ff11582b · rules hanyin-2022-01``."""
    cause = line.cause.zh if lang == "zh" else line.cause.en
    rules = "规则版本" if lang == "zh" else "rules"
    version = f" · {rules} {line.policyversion}" if line.policyversion else ""
    return f"{short(line.id)} ← {cause}{version}"


# ── where it stands ──────────────────────────────────────────────────────────────────────────


def _stand(standing: Stand, names: Names, lang: Lang) -> RenderableType:
    moment = f"{names.day(standing.now)} {names.local(standing.now):%H:%M}"
    title = f"as of {moment}" if lang == "en" else f"截至 {moment}"
    rows: list[RenderableType] = [Text("\n".join(pick(_status(standing, names), lang)), "bold")]
    if standing.readings:
        rows.append(_clocks(standing.readings, names, lang))
    return Panel(Group(*rows), title=title, title_align="left", border_style="dim")


def _status(standing: Stand, names: Names) -> Words:
    zh, en = STATUSES[standing.status]
    if standing.lead is None or standing.level is None:
        return Words(zh, en)
    lead, level = names.unit(standing.lead), LEVELS[standing.level]
    helpers = [names.unit(code) for code in standing.assist]
    assist_zh = ",协办 " + "、".join(unit.zh for unit in helpers) if helpers else ""
    assist_en = "; assisting " + ", ".join(unit.en for unit in helpers) if helpers else ""
    return Words(
        f"{zh} · {lead.zh}({level.zh}级主办){assist_zh}",
        f"{en} · {lead.en} (lead, {level.en} level){assist_en}",
    )


def _clocks(readings: Iterable[Reading], names: Names, lang: Lang) -> Table:
    table = Table.grid(padding=(0, 2))
    for reading in readings:
        colour, words = READINGS[reading.status]
        left = span(reading.remaining)
        if reading.status == "ended":
            told = words
        else:
            told = Words(f"{words.zh} {left.zh}", f"{words.en} {left.en}")
        kind = " ".join(pick(KINDS[reading.kind], lang))
        provisional = " ".join(pick(Words("暂定", "provisional"), lang)) * reading.provisional
        table.add_row(
            kind, names.time(reading.due), Text("  ".join(pick(told, lang)), colour), provisional
        )
    return table


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────


def as_data(case: str, lines: Iterable[Line], standing: Stand) -> str:
    """``{case, lines: [{at, id, type, who: {zh, en}, …, void}], now: {…, readings}}``."""
    told = {
        "case": case,
        "lines": [_plain(asdict(line)) for line in lines],
        "now": _plain(asdict(standing)),
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode()


def _plain(value: Any) -> Any:
    """`Words` as ``{zh, en}``, which JSON would otherwise show as a bare list."""
    if isinstance(value, Words):
        return value._asdict()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
