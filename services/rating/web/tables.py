"""League tables, and the figures of one unit: every number opens the cases behind it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.outputs import Rate, Scorecard
from services.rating.league import Group, interval, league
from services.rating.measures import BY_NAME, MEASURES, REASONS, SPANS, Measure, Words
from services.rating.web.parts import View, esc, hours, percent, points

GROUP_WORDS: dict[Group, Words] = {
    "towns": Words("各镇", "Towns"),
    "county-units": Words("县级部门", "County bureaus"),
    "town-units": Words("镇级单位", "Town units"),
    "village-units": Words("村(社区)承办单位", "Village units"),
    "villages": Words("各村(社区)", "Villages and communities"),
}
SCOPE_WORDS = {
    "programme": Words("专项", "Programmes"),
    "level": Words("按层级", "By level"),
    "service": Words("按服务", "By service"),
    "category": Words("按类别", "By category"),
    "grid-worker": Words("网格员上报", "Reported by grid workers"),
}
COLUMNS = ("on_time", "satisfaction", "completion", "accepted", "pending")
ROWS = 60
"""Rows of a table on one page, which keeps it under 100 kB."""
BUSY_FIRST = frozenset({"category", "grid-worker"})


def rows_of(cards: Iterable[Scorecard], table: str) -> tuple[list[Scorecard], int]:
    """The rows of a table that had cases, in its order, and how many had none."""
    if table in SCOPE_WORDS:
        rows = [card for card in cards if card.scope == table]
    else:
        rows = league(cards, table)  # type: ignore[arg-type]
    busy = [card for card in rows if any(card.counts.values())]
    if table in BUSY_FIRST:
        busy.sort(key=lambda card: (-card.counts["accepted"], card.id))
    return busy, len(rows) - len(busy)


def tables(view: View, chosen: str) -> str:
    """Links to all tables."""
    items = "".join(
        f'<li><a href="{view.link("/", table=name)}#table"'
        f"{' aria-current=' + chr(34) + 'true' + chr(34) if name == chosen else ''}>"
        f"{view.say(words)}</a></li>"
        for name, words in (GROUP_WORDS | SCOPE_WORDS).items()
    )
    return f'<ul class="chips" aria-label="{view.say(("分组", "Tables"))}">{items}</ul>'


def table(view: View, cards: Sequence[Scorecard], name: str, start: int = 0, find: str = "") -> str:
    """One table, from its row ``start`` on; ``find`` keeps the rows whose name has it."""
    every, idle = rows_of(cards, name)
    rows = [row for row in every if find in row.name or find.lower() in row.name_en.lower()]
    words: Words = (GROUP_WORDS | SCOPE_WORDS)[name]
    ranked = name in GROUP_WORDS
    ranks = [row.rank for row in every]
    shown = rows[start : start + ROWS]
    body = "".join(_row(view, card, ranked, ranks.count(card.rank) > 1) for card in shown)
    heads = "".join(f'<th scope="col">{view.say(BY_NAME[c].label)}</th>' for c in COLUMNS)
    rank = f'<th scope="col">{view.say(("名次", "Rank"))}</th>' if ranked else ""
    unit = view.say(("单位", "Unit"))
    note = view.say((f"另有 {idle} 个本期无案件", f"{idle} more had no cases")) if idle else ""
    return (
        f'<section id="table"><h2 id="th">{view.say(words)}</h2>'
        f"{_filter(view, name, len(every), find)}<div class=scroll tabindex=0 role=region aria-labelledby=th>"
        f"<table><caption>{note}</caption><thead><tr>"
        f'<th scope="col">{unit}</th>{rank}{heads}</tr></thead><tbody>{body}</tbody></table></div>'
        f"{_more(view, name, start, len(rows), find)}</section>"
    )


def _filter(view: View, name: str, count: int, find: str) -> str:
    if count < 15:
        return ""
    label, button = view.say(("在表中查找", "Find in the table")), view.say(("查找", "Find"))
    hidden = hidden_fields(view, table=name)
    return (
        f'<form action="/#table">{hidden}<div><label for="find">{label}</label>'
        f'<input id="find" name="find" maxlength="50" value="{esc(find)}"></div>'
        f"<button>{button}</button></form>"
    )


def hidden_fields(view: View, **more: str) -> str:
    """What a form takes along of how the page is shown."""
    kept = {"period": view.period, "lang": view.lang, "as_of": view.as_of} | more
    return "".join(
        f'<input type="hidden" name="{name}" value="{esc(value)}">'
        for name, value in kept.items()
        if value
    )


def _more(view: View, name: str, start: int, count: int, find: str) -> str:
    links = [
        f'<li><a href="{view.link("/", table=name, start=at, find=find or None)}#table"'
        f"{' aria-current=true' if at == start else ''}>{at + 1}–{min(at + ROWS, count)}</a></li>"
        for at in range(0, count, ROWS)
    ]
    if len(links) < 2:
        return ""
    label = view.say(("更多行", "More rows"))
    return f'<nav aria-label="{label}"><ul>{"".join(links)}</ul></nav>'


def _row(view: View, card: Scorecard, ranked: bool, tied: bool) -> str:
    unit = f'<a href="{view.link("/unit", scope=card.scope, id=card.id)}">{view.name(card)}</a>'
    cells = "".join(f"<td>{_cell(view, card, BY_NAME[name])}</td>" for name in COLUMNS)
    rank = f"<td>{_rank(view, card, tied)}</td>" if ranked else ""
    return f'<tr><th scope="row">{unit}</th>{rank}{cells}</tr>'


def _rank(view: View, card: Scorecard, tied: bool) -> str:
    if card.rank is None:
        said = view.say(("样本不足", "too few"))
        return f"–<small>{said}</small>"
    equal = view.say(("并列", "=")) if tied else ""
    gained = card.change.get("rank")
    moved = ""
    if gained:
        words = view.say(("升", "up") if gained > 0 else ("降", "down"))
        moved = f"<small>{words} {abs(int(gained))}</small>"
    return f"<b>{equal}{card.rank}</b>{moved}"


def _cell(view: View, card: Scorecard, measure: Measure) -> str:
    if not measure.is_rate:
        return opens(view, card, measure, "numerator", card.counts[measure.name])
    rate = card.rates[measure.name]
    if not rate.denominator:
        return "–"
    inner = f"<small>{rate.numerator}/{rate.denominator}</small>"
    return f'<a href="{cell_link(view, card, measure, "denominator")}">{percent(rate)}</a>{inner}'


def cell_link(view: View, card: Scorecard, measure: Measure, part: str) -> str:
    return view.link("/cases", scope=card.scope, id=card.id, measure=measure.name, part=part)


def opens(view: View, card: Scorecard, measure: Measure, part: str, count: int) -> str:
    """A number that opens its list; nothing opens nothing."""
    return f'<a href="{cell_link(view, card, measure, part)}">{count}</a>' if count else "0"


# ── one unit ─────────────────────────────────────────────────────────────────────────────────


def tiles(view: View, card: Scorecard, names: Sequence[str]) -> str:
    """The figures at the head of a page."""
    items = "".join(_figure(view, card, BY_NAME[name]) for name in names)
    return f'<dl class="figures">{items}</dl>'


def _figure(view: View, card: Scorecard, measure: Measure) -> str:
    if measure.is_rate:
        rate = card.rates[measure.name]
        number = opens(view, card, measure, "numerator", rate.numerator)
        whole = opens(view, card, measure, "denominator", rate.denominator)
        said = f"<b>{percent(rate)}</b> <small>{number}/{whole}{_left(view, card, measure)}</small>"
    else:
        said = f"<b>{opens(view, card, measure, 'numerator', card.counts[measure.name])}</b>"
    return f"<div><dt>{view.say(measure.label)}</dt><dd>{said}{_change(view, card, measure)}</dd></div>"


def _left(view: View, card: Scorecard, measure: Measure) -> str:
    out = sum(card.rates[measure.name].excluded.values())
    if not out:
        return ""
    words = view.say(("未计入", "left out"))
    return f" · {words} {opens(view, card, measure, 'excluded', out)}"


def _change(view: View, card: Scorecard, measure: Measure) -> str:
    change = card.change.get(measure.name)
    if change is None or not card.compared_with:
        return ""
    way = "up" if change > 0 else "down" if change < 0 else "soft"
    against = view.say((f"较 {card.compared_with}", f"against {card.compared_with}"))
    unit = view.say(("个百分点", "points"))
    return f'<small class="{way}">{points(change)} {unit}</small> <small>{against}</small>'


def unit_table(view: View, card: Scorecard) -> str:
    """All figures of one unit, with numerator, denominator, interval and what was left out. A month
    that was published before there was a measure does not tell it."""
    heads = (
        ("指标", "Measure"), ("数值", "Figure"), ("分子/分母", "Numerator/denominator"),
        ("95%区间", "95 % interval"), ("未计入", "Left out"),
    )  # fmt: skip
    cells = "".join(f'<th scope="col">{view.say(head)}</th>' for head in heads)
    told = [m for m in MEASURES if m.name in (card.rates if m.is_rate else card.counts)]
    rows = "".join(_measure_row(view, card, measure) for measure in told)
    label = view.say(("全部指标", "All measures"))
    return (
        f'<h2 id="all">{label}</h2><div class=scroll tabindex=0 role=region aria-labelledby=all>'
        f"<table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _measure_row(view: View, card: Scorecard, measure: Measure) -> str:
    name = f'<a href="{view.link("/about")}#{measure.name}">{view.say(measure.label)}</a>'
    if not measure.is_rate:
        count = opens(view, card, measure, "numerator", card.counts[measure.name])
        return f'<tr><th scope="row">{name}</th><td>{count}</td><td></td><td></td><td></td></tr>'
    rate = card.rates[measure.name]
    bounds = interval(rate)
    between = f"{bounds[0] * 100:.1f}–{bounds[1] * 100:.1f}%" if bounds else "–"
    parts = (
        f"{opens(view, card, measure, 'numerator', rate.numerator)}/"
        f"{opens(view, card, measure, 'denominator', rate.denominator)}"
    )
    return (
        f'<tr><th scope="row">{name}</th><td>{percent(rate)}</td><td>{parts}</td>'
        f"<td>{between}</td><td>{_reasons(view, card, measure, rate)}</td></tr>"
    )


def _reasons(view: View, card: Scorecard, measure: Measure, rate: Rate) -> str:
    if not rate.excluded:
        return ""
    why = " · ".join(
        f"{view.say(words)} {rate.excluded[reason]}"
        for reason, words in REASONS.items()
        if reason in rate.excluded
    )
    out = opens(view, card, measure, "excluded", sum(rate.excluded.values()))
    return f"{out}<small>{why}</small>"


def times_table(view: View, card: Scorecard) -> str:
    """How long things took: half and nine tenths of the cases were done within …"""
    heads = (
        ("用时", "Time"), ("件数", "Cases"), ("中位数", "Median"), ("90%", "90 %"),
        ("工作时间中位数", "Median, working"), ("工作时间90%", "90 %, working"),
    )  # fmt: skip
    cells = "".join(f'<th scope="col">{view.say(head)}</th>' for head in heads)
    rows = "".join(
        f'<tr><th scope="row">{view.say(span.label)}</th><td>{took["n"]}</td>'
        f"<td>{hours(took['elapsed']['p50'])}</td><td>{hours(took['elapsed']['p90'])}</td>"
        f"<td>{hours(took['working']['p50'])}</td><td>{hours(took['working']['p90'])}</td></tr>"
        for span in SPANS
        for took in [card.times[span.name]]
    )
    label = view.say(("用时", "How long it took"))
    return (
        f'<h2 id="times">{label}</h2><div class=scroll tabindex=0 role=region aria-labelledby=times>'
        f"<table><thead><tr>{cells}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def stars_line(view: View, card: Scorecard) -> str:
    n, mean = card.stars["n"], card.stars["mean"]
    if not n:
        return f"<p>{view.say(('本期无评价', 'No ratings'))}</p>"
    each = " · ".join(f"{stars}★ {count}" for stars, count in card.stars["histogram"].items())
    return f"<p>{view.say((f'平均 {mean} 星,{n} 件评价', f'{mean} stars on average of {n}'))} · {each}</p>"
