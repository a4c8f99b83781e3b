"""The public league table 公示 as one self-contained HTML page, in Chinese and English.

    cards of one period, the rules ─► page() ─► str

Every number is a link to the list of the cases behind it: ``/cases?period=2022-07&scope=department
&id=…&measure=on_time&part=numerator`` (or ``denominator``, ``excluded``).

The rule to remember: **nothing is shown that the cards do not say**; what a figure means stands in
the glossary at the foot, which comes from the table of measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from schemas.outputs import Rate, Scorecard
from schemas.rulebook import Rulebook
from services.rating.league import Group, league
from services.rating.measures import BY_NAME, MEASURES, REASONS, SPANS, Measure, Words
from services.rating.page_style import STYLE

FIGURES = (
    "accepted", "completed", "pending", "on_time", "response", "completion", "satisfaction",
    "satisfaction_with_silence", "settled_at_village", "settled_at_town", "settled_at_county",
)  # fmt: skip
COLUMNS = (
    "accepted", "completed", "pending", "overdue", "on_time", "on_time_excluding_extended",
    "response", "completion", "satisfaction", "satisfaction_with_silence", "reopened", "returned",
    "escalated", "supervised",
)  # fmt: skip
GROUP_WORDS: dict[Group, Words] = {
    "county-units": Words("县级部门", "County bureaus"),
    "town-units": Words("镇级单位", "Town units"),
    "village-units": Words("村(社区)承办单位", "Village units"),
    "towns": Words("各镇", "Towns"),
    "villages": Words("各村(社区)", "Villages and communities"),
}
UNRANKED = {
    "level": Words("按层级", "By level"),
    "service": Words("按服务", "By service"),
    "category": Words("按类别", "By category"),
}
RANK, UNIT = Words("名次", "Rank"), Words("单位", "Unit")
STARS, MEDIAN = Words("平均星级", "Mean stars"), Words("办理用时中位数", "Median handling")
RULE = Words(
    "名次按“按期率”95%置信区间的威尔逊下限排定,其次按实际评价的满意率;相等者并列。"
    "样本不足{n}件者只公示,不排名。比率旁为分子/分母,括号内为未计入的案件;点击数字可见案件清单。",
    "Ranked by the lower bound of Wilson's 95 % interval of the on-time rate, then by satisfaction "
    "actually rated; equals share a rank. Units with fewer than {n} cases are shown, not ranked. Beside "
    "a rate: numerator/denominator, and in brackets what was left out; each number opens its list.",
)


def page(cards: Sequence[Scorecard], rules: Rulebook) -> str:
    """The page of one period. ``cards`` are all its cards, the county's among them."""
    county = next(card for card in cards if card.scope == "county")
    title = f"{county.name} {county.period} 办理情况公示"
    body = "".join((_header(county, rules), *_groups(cards), *_others(cards), _glossary(rules)))
    return (
        '<!doctype html>\n<html lang="zh-Hans"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def link(card: Scorecard, measure: str, part: str) -> str:
    """Where the cases behind a number are listed."""
    asked = {"period": card.period, "scope": card.scope, "id": card.id, "measure": measure}
    return "/cases?" + urlencode(asked | {"part": part})


def percent(rate: Rate) -> str:
    """Rounded down to a tenth: only all of them are 100 %. A dash where there are none."""
    if not rate.denominator:
        return "–"
    tenths = rate.numerator * 1000 // rate.denominator
    return f"{tenths // 10}.{tenths % 10}%"


# ── parts of the page ────────────────────────────────────────────────────────────────────────


def _header(county: Scorecard, rules: Rulebook) -> str:
    figures = "".join(
        f"<div><dt>{_both(BY_NAME[name].label)}</dt><dd>{_number(county, BY_NAME[name])}</dd></div>"
        for name in FIGURES
    )
    return (
        f"<header><h1>{escape(county.name)} {escape(county.period)} 办理情况公示 "
        f'<span lang="en">How cases were handled</span></h1>'
        f'<p class="soft">{_made(county, rules)}</p></header>'
        f'<dl class="figures">{figures}</dl>{_median_line(county)}'
    )


def _made(county: Scorecard, rules: Rulebook) -> str:
    taken = _local(county.as_of, rules) if county.as_of else "–"
    rule = f"规则版本 <span lang='en'>rules</span> {escape(county.rules)}"
    return f"统计时间 <span lang='en'>as of</span> {taken} · {rule} · v{county.version}"


def _local(moment: datetime, rules: Rulebook) -> str:
    zone = rules.calendar().timezone
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({escape(zone)})"


def _median_line(county: Scorecard) -> str:
    said = (f"{_both(span.label)} {_hours(county.times[span.name])}" for span in SPANS)
    return f'<p class="soft">{" · ".join(said)}</p>'


def _groups(cards: Sequence[Scorecard]) -> Iterable[str]:
    return (_section(words, league(cards, group), True) for group, words in GROUP_WORDS.items())


def _others(cards: Sequence[Scorecard]) -> Iterable[str]:
    return (
        _section(words, [card for card in cards if card.scope == scope], False)
        for scope, words in UNRANKED.items()
    )


def _section(title: Words, cards: Sequence[Scorecard], is_ranked: bool) -> str:
    busy = [card for card in cards if any(card.counts.values())]
    if not busy:
        return ""
    idle = len(cards) - len(busy)
    note = f"另有 {idle} 个本期无案件 / {idle} more had no cases" if idle else ""
    rows = "".join(_row(card, is_ranked) for card in busy)
    return (
        f'<section><h2>{_both(title)}</h2><div class="scroll"><table>'
        f"<caption>{note}</caption><thead><tr>{_heads(is_ranked)}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _heads(is_ranked: bool) -> str:
    labels = (*(BY_NAME[name].label for name in COLUMNS), STARS, MEDIAN)
    ranks = (RANK,) if is_ranked else ()
    heads = (f'<th scope="col">{_both(label)}</th>' for label in (*ranks, *labels))
    return f'<th scope="col" class="name">{_both(UNIT)}</th>{"".join(heads)}'


def _row(card: Scorecard, is_ranked: bool) -> str:
    name = f"{escape(card.name)} " + _english(card)
    cells = [_cell(BY_NAME[column].label, _number(card, BY_NAME[column])) for column in COLUMNS]
    cells.append(_cell(STARS, _mean(card.stars)))
    cells.append(_cell(MEDIAN, _hours(card.times["handle_hours"])))
    rank = [_cell(RANK, _rank(card))] if is_ranked else []
    return f'<tr><th scope="row" class="name">{name}</th>{"".join((*rank, *cells))}</tr>'


def _english(card: Scorecard) -> str:
    different = card.name_en and card.name_en != card.name
    return f'<span lang="en">{escape(card.name_en)}</span>' if different else ""


def _cell(label: Words, content: str) -> str:
    return f'<td data-label="{escape(label.zh)} {escape(label.en)}">{content}</td>'


def _rank(card: Scorecard) -> str:
    if card.rank is None:
        return f'<span title="{escape(card.unranked_because or "")}">–</span>'
    return f"<b>{card.rank}</b><small>≥ {card.wilson:.3f}</small>"


def _number(card: Scorecard, measure: Measure) -> str:
    if not measure.is_rate:
        return _to(card, measure, "numerator", card.counts[measure.name])
    rate = card.rates[measure.name]
    shares = (
        f"{_to(card, measure, 'numerator', rate.numerator)}/"
        f"{_to(card, measure, 'denominator', rate.denominator)}"
    )
    return f"<b>{percent(rate)}</b> <small>{shares}{_left_out(card, measure, rate)}</small>"


def _left_out(card: Scorecard, measure: Measure, rate: Rate) -> str:
    if not rate.excluded:
        return ""
    why = " · ".join(f"{zh} {en}: {n}" for (zh, en), n in _reasons(rate))
    number = _to(card, measure, "excluded", sum(rate.excluded.values()))
    return f' <span title="{escape(why)}">(+{number})</span>'


def _reasons(rate: Rate) -> Iterable[tuple[Words, int]]:
    return ((words, rate.excluded[why]) for why, words in REASONS.items() if why in rate.excluded)


def _to(card: Scorecard, measure: Measure, part: str, number: int) -> str:
    return f'<a href="{escape(link(card, measure.name, part))}">{number}</a>'


def _mean(stars: dict[str, Any]) -> str:
    return "–" if stars["mean"] is None else f"{stars['mean']:.2f} <small>({stars['n']})</small>"


def _hours(times: dict[str, Any]) -> str:
    median = times["elapsed"]["p50"]
    return "–" if median is None else f"{median:.1f} h"


def _both(words: Words) -> str:
    return f'<span>{escape(words.zh)}</span> <span lang="en">{escape(words.en)}</span>'


def _glossary(rules: Rulebook) -> str:
    n = rules.settings.minimum_sample
    rule = "".join(f"<p>{escape(text.format(n=n))}</p>" for text in RULE)
    words = "".join(_entry(measure) for measure in MEASURES)
    return (
        f'<section><h2>说明 <span lang="en">What the figures mean</span></h2>{rule}'
        f'<details open><summary>指标定义 Definitions</summary><dl class="words">{words}</dl>'
        "</details></section>"
    )


def _entry(measure: Measure) -> str:
    said = [_both(measure.counted)]
    if measure.among is not None:
        said.append(f"÷ {_both(measure.among)}")
    if measure.left_out:
        reasons = " · ".join(_both(REASONS[why]) for why in measure.left_out)
        said.append(f"不计入 <span lang='en'>left out</span>: {reasons}")
    lines = "".join(f"<dd>{line}</dd>" for line in said)
    return f'<dt id="{measure.name}">{_both(measure.label)}</dt>{lines}'
