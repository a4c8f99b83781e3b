"""The front page: the county's figures, the map, the trends, and one league table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.outputs import Scorecard
from schemas.rulebook import Rulebook
from services.rating.measures import BY_NAME
from services.rating.published import Edition
from services.rating.web import charts
from services.rating.web.layout import page, periods, search
from services.rating.web.parts import View, esc
from services.rating.web.tables import (
    hidden_fields,
    stars_line,
    table,
    tables,
    tiles,
    times_table,
    unit_table,
)

HEADLINES = (
    "accepted", "completed", "pending", "on_time", "response", "completion", "satisfaction",
    "satisfaction_with_silence",
)  # fmt: skip
ON_MAP = ("on_time", "satisfaction", "completion", "response", "accepted", "pending", "overdue")
TRENDS = ("on_time", "satisfaction", "completion", "accepted")


class Shown(NamedTuple):
    """What a page shows: the cards of a period, as published or as they are now."""

    cards: Sequence[Scorecard]
    edition: Edition | None
    """None: these are the figures as they are now, not published ones."""
    editions: Sequence[Edition]
    present: str
    """The month that is running."""

    @property
    def county(self) -> Scorecard:
        return next(card for card in self.cards if card.scope == "county")


class Asked(NamedTuple):
    """What the reader chose."""

    table: str = "towns"
    measure: str = "on_time"
    start: int = 0
    find: str = ""


def overview(
    view: View,
    shown: Shown,
    rules: Rulebook,
    asked: Asked,
    history: Mapping[str, Scorecard],
    months: Sequence[str],
) -> str:
    county = shown.county
    title = view.say(
        (f"{county.name} {county.period} 办理情况公示", f"{county.name_en}, {county.period}")
    )
    body = "".join(
        (
            made(view, shown),
            periods(view, "/", shown.present),
            search(view),
            tiles(view, county, HEADLINES),
            stars_line(view, county),
            _programmes(view, shown.cards),
            '<div class="beside">',
            _map(view, shown.cards, rules, asked),
            trends(view, history, months),
            "</div>",
            _league(view, shown.cards, rules, asked),
        )
    )
    return page(view, title, body, table=asked.table, measure=asked.measure)


def made(view: View, shown: Shown) -> str:
    """When and by which rules the figures were made, and whether they are the published ones."""
    county, edition = shown.county, shown.edition
    taken = view.at(county.as_of) if county.as_of else "–"
    if edition is None:
        kind = view.say(("实时数据,未定稿", "as it stands now, not final"))
    else:
        kind = view.say(
            (f"已公布,第{edition.version}版", f"as published, version {edition.version}")
        )
        if edition.reason:
            kind += f" ({view.say(('更正原因', 'corrected because'))}: {esc(edition.reason)})"
    said = view.say(("统计时间", "taken at")), view.say(("规则版本", "rules"))
    live = ""
    if edition is not None and view.as_of is None:
        now = view.say(("按现有事实重算", "the same period by what is known now"))
        live = f' · <a href="{view.link("/", live="1")}">{now}</a>'
    elif shown.editions:
        back = view.say(("已公布的数字", "the figures as published"))
        live = f' · <a href="{view._replace(as_of=None).link("/")}">{back}</a>'
    return (
        f'<p class="soft">{kind} · {said[0]} {taken} ({esc(view.zone)}) · {said[1]} '
        f"{esc(county.rules)}{live}</p>"
    )


def _programmes(view: View, cards: Sequence[Scorecard]) -> str:
    rows = [card for card in cards if card.scope == "programme" and any(card.counts.values())]
    if not rows:
        return ""
    items = "".join(
        f'<li><a href="{view.link("/unit", scope="programme", id=card.id)}">{view.name(card)}</a></li>'
        for card in rows
    )
    words = view.say(("专项", "Programmes"))
    return f'<h2 id="pr">{words}</h2><ul class="chips" aria-labelledby="pr">{items}</ul>'


def _map(view: View, cards: Sequence[Scorecard], rules: Rulebook, asked: Asked) -> str:
    towns = [card for card in cards if card.scope == "town"]
    drawn = charts.town_map(view, towns, rules, BY_NAME[asked.measure])
    options = "".join(
        f'<option value="{name}"{" selected" if name == asked.measure else ""}>'
        f"{view.say(BY_NAME[name].label)}</option>"
        for name in ON_MAP
    )
    hidden = hidden_fields(view, table=asked.table)
    label, button = view.say(("按指标着色", "Coloured by")), view.say(("显示", "Show"))
    heading = view.say(("各镇", "The towns"))
    return (
        f'<section><h2 id="map">{heading}</h2><form data-now action="/#map">{hidden}<div>'
        f'<label for="measure">{label}</label><select id="measure" name="measure">{options}</select>'
        f"</div><button>{button}</button></form>{drawn}</section>"
    )


def trends(view: View, history: Mapping[str, Scorecard], months: Sequence[str]) -> str:
    """How the published months went, for one unit."""
    drawn = "".join(
        charts.trend(
            view,
            view.say(BY_NAME[name].label),
            charts.of_history(history, months, BY_NAME[name]),
            share=BY_NAME[name].is_rate,
        )
        for name in TRENDS
    )
    if not drawn:
        return ""
    heading = view.say(("趋势", "Trends"))
    return f'<section><h2>{heading}</h2><div class="charts">{drawn}</div></section>'


def _league(view: View, cards: Sequence[Scorecard], rules: Rulebook, asked: Asked) -> str:
    n = rules.settings.minimum_sample
    rule = view.say(
        (
            f"同类单位相比。名次按“按期率”95%置信区间(Wilson)下限排定,其次按实际评价的满意率;相等者并列。"
            f"不足{n}件者只公示不排名。",
            "Like is compared with like. Ranked by the lower bound of Wilson's 95 % interval of the "
            "on-time rate, then by satisfaction actually rated; equals share a rank. Units with fewer "
            f"than {n} cases are shown, not ranked.",
        )
    )
    heading = view.say(("排行", "League tables"))
    return (
        f"<h2>{heading}</h2><p class=soft>{rule}</p>{tables(view, asked.table)}"
        f"{table(view, cards, asked.table, asked.start, asked.find)}"
    )


# ── one unit ─────────────────────────────────────────────────────────────────────────────────


def unit_page(
    view: View,
    shown: Shown,
    card: Scorecard,
    history: Mapping[str, Scorecard],
    months: Sequence[str],
    points: str = "",
) -> str:
    """The page of one unit; ``points`` is the table of its appraisal, if it has one."""
    title = view.say((f"{card.name} {card.period}", f"{card.name_en or card.name}, {card.period}"))
    kept = {"scope": card.scope, "id": card.id}
    body = "".join(
        (
            made(view, shown),
            periods(view, "/unit", shown.present, **kept),
            _place(view, card),
            tiles(view, card, HEADLINES),
            stars_line(view, card),
            trends(view, history, months),
            points,
            unit_table(view, card),
            times_table(view, card),
        )
    )
    return page(view, title, body, here="/unit", **kept)


def _place(view: View, card: Scorecard) -> str:
    if card.group is None:
        return ""
    if card.rank is None:
        why = card.unranked_because or ""
        return f"<p>{view.say(('不排名:样本不足', f'Not ranked: {why}'))}</p>"
    link = view.link("/", table=card.group)
    said = view.say((f"同类第 {card.rank} 名", f"Rank {card.rank} among its like"))
    return f'<p><a href="{link}#table">{said}</a></p>'
