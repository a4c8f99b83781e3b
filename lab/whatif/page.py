"""The answer as one HTML page: both languages inside, no script, no other host; as the public pages
are made (docs/decisions/0016).

    Report ─► tiles ─► figures ─► league by level ─► the cases that end otherwise ─► what it rests on
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from itertools import groupby

from lab.whatif.asking import Changed
from lab.whatif.outcomes import Outcome
from lab.whatif.report import ALWAYS, FIGURES, GROUNDS, Figure, Report, Unit
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.rating.measures import LEVELS
from services.rating.units import name_of
from services.rating.web.layout import STYLE
from services.rating.web.parts import LANGS, View, case_number, esc

MOST_CASES = 300
MOST_UNITS = 60
TILES = ("late", "escalated", "supervised", "overdue")
GOOD_WHEN_LESS = frozenset({"late", "escalated", "supervised", "overdue", "reopened", "waiting"})
GOOD_WHEN_MORE = frozenset({"on_time", "resolved"})
OWN_STYLE = (
    ".pick{position:absolute;opacity:0}.pick+label{display:inline-block;padding:.45rem .7rem;"
    "border:1px solid var(--line);border-radius:.5rem;cursor:pointer;margin-right:.5rem}"
    ".pick:checked+label{background:var(--band);font-weight:600}"
    ".pick:focus-visible+label{outline:3px solid var(--link)}"
    "#zh:checked~main.en,#en:checked~main.zh{display:none}"
    "thead th.t{text-align:left}.bar{fill:var(--line)}.bar.now{fill:var(--link)}"
)


def render(report: Report, rules: Rulebook) -> str:
    """The whole page, some 100 kB at most."""
    zone = rules.calendar().timezone
    bodies = "".join(
        f'<main class="{lang}" lang="{"zh-Hans" if lang == "zh" else "en"}">'
        f"{_body(View(lang, '', zone), report, rules)}</main>"
        for lang in LANGS
    )
    return (
        '<!doctype html>\n<html lang="zh-Hans"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>如果 What if: {esc(report.version)}</title><style>{STYLE}{OWN_STYLE}</style></head>"
        '<body><input class="pick" type="radio" name="lang" id="zh" checked>'
        '<label for="zh">中文</label><input class="pick" type="radio" name="lang" id="en">'
        f'<label for="en" lang="en">English</label>{bodies}</body></html>\n'
    )


def _body(view: View, report: Report, rules: Rulebook) -> str:
    answer = report.answer
    said = (
        f"{view.day(answer.first)} 至 {view.day(answer.last)}的 {answer.cases:,} 件,按规则 "
        f"{report.version} 重新决定:{len(answer.changed):,} 件的决定有变,"
        f"{len(report.ends_otherwise):,} 件的结果不同。",
        f"{answer.cases:,} cases from {view.day(answer.first)} to {view.day(answer.last)}, decided "
        f"again under {report.version}: {len(answer.changed):,} are decided otherwise, "
        f"{len(report.ends_otherwise):,} end otherwise.",
    )
    return (
        f"<h1>{view.say(('如果当时按另一套规则', 'Had other rules held'))}</h1><p>{view.say(said)}</p>"
        f"{_tiles(view, report)}{_sums(view, report)}{_league(view, report)}"
        f"{_cases(view, report, rules)}{_grounds(view, report)}"
    )


# ── sums ─────────────────────────────────────────────────────────────────────────────────────


def _tiles(view: View, report: Report) -> str:
    tiles = "".join(
        f"<div><dt>{view.say(FIGURES[name])}</dt><dd><b>{_number(figure.before)} → "
        f"{_number(figure.after)}</b> {_change(name, figure)}</dd></div>"
        for name, figure in ((name, report.figures[name]) for name in TILES)
    )
    return f'<dl class="figures">{tiles}</dl>'


def _sums(view: View, report: Report) -> str:
    rows = [(view.say(FIGURES[name]), name, figure) for name, figure in report.figures.items()]
    for name, figure in report.climbs.items():
        start, _, end = name.partition(" → ")
        words = [view.say(LEVELS[Level(level)]) for level in (start, end)]
        rows.append((f"↳ {' → '.join(words)}", "escalated", figure))
    most = max((max(f.before, f.high) for _, name, f in rows if name != "cases"), default=1) or 1
    body = "".join(
        f'<tr><th scope="row">{words}</th><td>{_number(figure.before)}</td>'
        f"<td>{_after(figure)}</td><td>{_change(name, figure)}</td>"
        f"<td>{_bars(view, words, figure, most)}</td></tr>"
        for words, name, figure in rows
    )
    heads = (
        ("", ""),
        ("之前", "Before"),
        ("之后", "After"),
        ("变化", "Change"),
        ("对比", "Side by side"),
    )
    return _tabled(view, ("合计", "Sums"), heads, body, (0, 4))


def _bars(view: View, words: str, figure: Figure, most: float) -> str:
    """Before above, after below; the numbers stand beside."""
    was, now = (round(150 * min(value / most, 1), 1) for value in (figure.before, figure.after))
    said = view.say(("之前与之后", "before and after"))
    return (
        f'<svg viewBox="0 0 150 18" width="150" height="18" role="img" aria-label="{words}: {said}">'
        f'<rect class="bar" width="{was}" height="7"/>'
        f'<rect class="bar now" y="9" width="{now}" height="7"/></svg>'
    )


def _league(view: View, report: Report) -> str:
    moved = [unit for unit in report.units if unit.cases.before or unit.cases.after]
    return "".join(
        _group(view, Level(level), list(units))
        for level, units in groupby(moved, key=lambda unit: unit.group)
        if level
    )


def _group(view: View, level: Level, units: Sequence[Unit]) -> str:
    ordered = sorted(units, key=lambda u: (u.rank[1] or 10**6, u.rank[0] or 10**6, -u.cases.after))
    body = "".join(
        f'<tr><th scope="row">{esc(unit.name)}</th><td>{_ranks(unit)}</td>'
        f"<td>{_share(unit.on_time.before, unit.late.before)}</td>"
        f"<td>{_share(unit.on_time.after, unit.late.after)}</td>"
        f"<td>{_number(unit.late.before)} → {_after(unit.late)} {_change('late', unit.late)}</td>"
        f"<td>{_number(unit.escalated.before)} → {_after(unit.escalated)}</td>"
        f"<td>{unit.load.before:.1f} → {unit.load.after:.1f}</td></tr>"
        for unit in ordered[:MOST_UNITS]
    )
    heads = (
        ("单位", "Unit"), ("名次", "Rank"), ("按期率:之前", "On time: before"), ("之后", "after"),
        ("超期", "Late"), ("被升级", "Climbed away"), ("同时在办", "Cases at a time"),
    )  # fmt: skip
    words = LEVELS[level]
    return _tabled(view, (f"{words.zh}级单位", f"Units of the {words.en}"), heads, body)


def _ranks(unit: Unit) -> str:
    before, after = unit.rank
    if before == after:
        return str(after or "–")
    return f"{before or '–'} → <b>{after or '–'}</b>"


def _share(on_time: float, late: float) -> str:
    whole = on_time + late
    return f"{on_time / whole:.1%}" if whole else "–"


# ── cases ────────────────────────────────────────────────────────────────────────────────────


def _cases(view: View, report: Report, rules: Rulebook) -> str:
    every = report.ends_otherwise
    body = "".join(_case(view, each, rules) for each in every[:MOST_CASES])
    rest = len(every) - MOST_CASES
    more = (f"另有 {rest:,} 件,见 --json", f"{rest:,} more: see --json")
    heads = (
        ("案件", "Case"), ("类别", "Kind"), ("之前", "Before"), ("之后", "After"), ("依据", "Rests on"),
    )  # fmt: skip
    table = _tabled(view, ("结果不同的案件", "Cases that end otherwise"), heads, body, range(5))
    return table + (f"<p>{view.say(more)}</p>" if rest > 0 else "")


def _case(view: View, each: Changed, rules: Rulebook) -> str:
    kind = view.say(name_of(rules, "category", each.category)) if each.category else "–"
    named: list[str] = [*sorted(each.marks)] or ["exact"]
    marks = ", ".join(view.say(SHORT[mark]) for mark in named)
    return (
        f'<tr><th scope="row" class="n">{case_number(each.case)}</th><td class="t">{kind}</td>'
        f'<td class="t">{_way(view, each.before, rules)}</td>'
        f'<td class="t">{_way(view, each.after, rules)}</td><td class="t">{marks}</td></tr>'
    )


SHORT = {
    "exact": ("精确", "exact"),
    "shifted": ("顺延", "shifted"),
    "carried": ("原时办结", "settled when it was"),
    "drawn": ("抽取", "drawn"),
    "unknown": ("不明", "unknown"),
}


def _way(view: View, outcome: Outcome, rules: Rulebook) -> str:
    late = view.say(("超期", "late"))
    held = " → ".join(
        view.say(name_of(rules, "department", unit))
        + (f' <b class="down">{late}</b>' if unit in outcome.late else "")
        for unit in outcome.held
    )
    end = (
        view.at(outcome.resolved)
        if outcome.resolved
        else view.say(STATUSES.get(outcome.status, (outcome.status, outcome.status)))
    )
    stars = f" · {outcome.stars}★" if outcome.stars else ""
    return f"{held or '–'}<small>{end}{stars}</small>"


STATUSES = {
    "open": ("待分派", "open"),
    "triage": ("待人工分派", "in triage"),
    "assigned": ("待签收", "assigned"),
    "signed": ("办理中", "signed"),
    "paused": ("挂起", "paused"),
    "withdrawn": ("已撤销", "withdrawn"),
    "merged": ("已并入他案", "merged"),
}


def _grounds(view: View, report: Report) -> str:
    counted = [
        f"<li><b>{number:,}</b> {view.say(GROUNDS[name])}</li>"
        for name, number in report.sure.items()
        if number
    ]
    always = [f"<li>{view.say(words)}</li>" for words in ALWAYS]
    return (
        f"<h2>{view.say(('这些数字的依据', 'What these figures rest on'))}</h2>"
        f"<ul>{''.join([*counted, *always])}</ul>"
    )


# ── small things ─────────────────────────────────────────────────────────────────────────────


def _tabled(
    view: View,
    title: tuple[str, str],
    heads: Iterable[tuple[str, str]],
    body: str,
    words: Container[int] = (),
) -> str:
    """`words` are the columns that hold words, not numbers."""
    cells = "".join(
        f'<th scope="col"{" class=t" if place in words else ""}>{view.say(head)}</th>'
        for place, head in enumerate(heads)
    )
    name = view.say(title)
    if not body:
        return f"<h2>{name}</h2><p>{view.say(('无', 'None'))}</p>"
    return (
        f'<h2>{name}</h2><div class="scroll" tabindex="0" role="region" aria-label="{name}"><table>'
        f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _number(value: float) -> str:
    shown = round(value, 1)
    return f"{shown:,.0f}" if shown == int(shown) else f"{shown:,.1f}"


def _after(figure: Figure) -> str:
    if figure.low == figure.high:
        return _number(figure.after)
    return f"{_number(figure.after)} <small>({_number(figure.low)}–{_number(figure.high)})</small>"


def _change(name: str, figure: Figure) -> str:
    change = round(figure.change, 1)
    if not change:
        return ""
    said = f"{change:+,.0f}" if change == int(change) else f"{change:+,.1f}"
    if name not in GOOD_WHEN_LESS | GOOD_WHEN_MORE:
        return said
    better = (change < 0) is (name in GOOD_WHEN_LESS)
    return f'<span class="{"up" if better else "down"}">{said}</span>'
