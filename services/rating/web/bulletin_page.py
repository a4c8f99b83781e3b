"""The monthly bulletin 通报: everything that was published of a period, fit for paper.

One page for screen, print and PDF: the county's figures, every league table in full, the points of
the appraisal, the corrections, and what is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.outputs import Scorecard
from schemas.rulebook import Rulebook
from services.rating.appraisal import Points, points_of, total
from services.rating.league import UNITS, league
from services.rating.measures import BY_NAME, MEASURES, Measure
from services.rating.web.layout import page, periods
from services.rating.web.overview import HEADLINES, Shown, made
from services.rating.web.parts import View, esc, percent
from services.rating.web.tables import GROUP_WORDS, cell_link, opens, stars_line, tiles

COLUMNS = (
    "accepted", "on_time", "on_time_excluding_extended", "response", "completion", "satisfaction",
    "satisfaction_with_silence", "overdue",
)  # fmt: skip
MOST = 40
"""Rows of a table; the villages of a county are told by the best and the last."""


def bulletin_page(view: View, shown: Shown, rules: Rulebook) -> str:
    county = shown.county
    title = view.say(
        (
            f"{county.name}群众诉求办理情况通报({county.period})",
            f"{county.name_en}: bulletin of {county.period}",
        )
    )
    body = "".join(
        (
            made(view, shown),
            _links(view),
            periods(view, "/bulletin", shown.present),
            _corrections(view, shown),
            tiles(view, county, HEADLINES),
            stars_line(view, county),
            *(_group(view, shown.cards, group) for group in GROUP_WORDS),
            _appraisal(view, shown.cards, rules),
            _words(view),
        )
    )
    return page(view, title, body, here="/bulletin")


def _links(view: View) -> str:
    files = (
        ("/bulletin.pdf", ("打印版 PDF", "PDF for print")),
        ("/bulletin.csv", ("数据 CSV", "Data as CSV")),
    )
    items = "".join(
        f'<li><a href="{view.link(path)}">{view.say(words)}</a></li>' for path, words in files
    )
    return f'<ul class="chips screen">{items}</ul>'


def _corrections(view: View, shown: Shown) -> str:
    if len(shown.editions) < 2:
        return ""
    items = "".join(
        f"<li>v{edition.version} · {view.at(edition.as_of)} · {esc(edition.reason or '')}</li>"
        for edition in shown.editions
    )
    return f"<h2>{view.say(('各版本与更正原因', 'Versions, and why'))}</h2><ul>{items}</ul>"


def _group(view: View, cards: Sequence[Scorecard], group: str) -> str:
    rows = [card for card in league(cards, group) if any(card.counts.values())]  # type: ignore[arg-type]
    if not rows:
        return ""
    words = GROUP_WORDS[group]  # type: ignore[index]
    shown = rows if len(rows) <= MOST else [*rows[: MOST // 2], *rows[-MOST // 2 :]]
    heads = "".join(f'<th scope="col">{view.say(BY_NAME[name].label)}</th>' for name in COLUMNS)
    body = "".join(_row(view, card) for card in shown)
    note = ""
    if len(rows) > MOST:
        half = MOST // 2
        note = view.say(
            (f"共 {len(rows)} 个,列前后各 {half} 个", f"{half} first and last of {len(rows)}")
        )
    ids = f"g-{group}"
    return (
        f'<h2 id="{ids}">{view.say(words)}</h2><div class=scroll tabindex=0 role=region '
        f'aria-labelledby="{ids}"><table><caption>{note}</caption><thead><tr>'
        f'<th scope="col">{view.say(("单位", "Unit"))}</th><th scope="col">'
        f"{view.say(('名次', 'Rank'))}</th>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _row(view: View, card: Scorecard) -> str:
    cells = "".join(f"<td>{_cell(view, card, BY_NAME[name])}</td>" for name in COLUMNS)
    unit = f'<a href="{view.link("/unit", scope=card.scope, id=card.id)}">{view.name(card)}</a>'
    return f'<tr><th scope="row">{unit}</th><td>{card.rank or "–"}</td>{cells}</tr>'


def _cell(view: View, card: Scorecard, measure: Measure) -> str:
    if not measure.is_rate:
        return str(card.counts[measure.name])
    rate = card.rates[measure.name]
    return f"{percent(rate)}<small>{rate.numerator}/{rate.denominator}</small>"


# ── appraisal ────────────────────────────────────────────────────────────────────────────────


def _appraisal(view: View, cards: Sequence[Scorecard], rules: Rulebook) -> str:
    """The departments that gained or lost points, by fair groups, the fewest points last."""
    if not rules.reference.appraisal:
        return ""
    parts = []
    for group in UNITS.values():
        rows = [
            (card, points)
            for card in cards
            if card.group == group and any(card.counts.values())
            for points in [points_of(card, rules)]
        ]
        rows.sort(key=lambda row: (-total(row[1]), row[0].id))
        body = "".join(_points_row(view, *row) for row in rows[-MOST:])
        if body:
            parts.append(f"<h3>{view.say(GROUP_WORDS[group])}</h3><ul>{body}</ul>")
    label = view.say(
        (
            "考核得分(起始 100 分,每一分均可查到案件)",
            "Appraisal: 100 points to begin with, each change with its cases",
        )
    )
    return f"<h2>{label}</h2>{''.join(parts)}" if parts else ""


def _points_row(view: View, card: Scorecard, points: list[Points]) -> str:
    said = " · ".join(_point(view, card, each) for each in points if each.cases)
    return f"<li>{view.name(card)} <b>{total(points):g}</b> <small>{said}</small></li>"


def _point(view: View, card: Scorecard, each: Points) -> str:
    rule = each.rule
    words = view.say((rule.name, rule.name_en or rule.name))
    link = cell_link(view, card, BY_NAME[rule.measure], rule.part)
    return f'{words} <a href="{link}">{each.cases}</a> → {each.points:+g}'


def appraisal_table(view: View, card: Scorecard, rules: Rulebook) -> str:
    """The points of one department, for its own page."""
    points = points_of(card, rules)
    if card.scope != "department" or not points:
        return ""
    rows = "".join(
        f'<tr><th scope="row">{view.say((p.rule.name, p.rule.name_en or p.rule.name))}</th>'
        f"<td>{opens(view, card, BY_NAME[p.rule.measure], p.rule.part, p.cases)}</td>"
        f"<td>{p.rule.points:+g}</td><td>{p.points:+g}</td></tr>"
        for p in points
    )
    heads = (("项目", "Rule"), ("件数", "Cases"), ("每件", "Each"), ("得分", "Points"))
    cells = "".join(f'<th scope="col">{view.say(head)}</th>' for head in heads)
    label = view.say((f"考核得分 {total(points):g}", f"Appraisal: {total(points):g} points"))
    return (
        f'<h2 id="points">{label}</h2><div class=scroll tabindex=0 role=region aria-labelledby=points>'
        f"<table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _words(view: View) -> str:
    items = "".join(
        f"<li><b>{view.say(m.label)}</b>: {view.say(m.counted)}"
        f"{' ÷ ' + view.say(m.among) if m.among else ''}</li>"
        for m in MEASURES
    )
    return f"<h2>{view.say(('指标说明', 'What is counted'))}</h2><ul class=soft>{items}</ul>"
