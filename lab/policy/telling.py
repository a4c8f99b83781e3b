"""What a search found: for a program, and as one HTML page in both languages.

Found ─┬─► as_json
       └─► render: goal ─► before and after, on both halves ─► limits ─► starting levels ─► diff
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lab.policy.searching import Figures, Found, Goal
from lab.whatif.page import OWN_STYLE
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.rating.measures import LEVELS, Words
from services.rating.web.layout import STYLE
from services.rating.web.parts import LANGS, View, esc

GROUNDS: tuple[Words, ...] = (
    Words(
        "时限与起始层级只根据前一部分提出,后一部分从未看过,最后只检验一次。",
        "Proposed from the earlier part alone; the later part was held back and asked once.",
    ),
    Words(
        "由 what-if 裁定:人的行为与时间照记录;新接手的单位按其自身历史抽取。各案相互独立,一个单位的案件变多,不会使其变慢。",
        "What-if is the judge: people do what they did, when they did; a department that never had a case "
        "goes by its own history. Cases do not meet: a department that gets more does not become slower.",
    ),
    Words(
        "放宽时限只改变何为按期,不使任何人办得更快;放宽多少,由县里决定。",
        "A longer limit changes what counts as in time and makes nobody quicker: how long is for the county "
        "to say.",
    ),
)
LEAST = {
    "escalations": Words("升级最少", "least escalations"),
    "load": Words("负荷最均", "fairest load"),
}
NAMES = {
    "cases": Words("案件", "Cases"),
    "share": Words("按期率", "On time"),
    "late": Words("超期", "Late"),
    "escalated": Words("升级", "Escalated"),
    "unequal": Words("负荷不均(基尼系数)", "Inequality of load (Gini)"),
}


def as_json(found: Found, goal: Goal, diff: str) -> dict[str, Any]:
    return {
        "goal": asdict(goal),
        "held_back_from": found.at,
        "limits": {
            row: {"from": found.today.limits.get(row), "to": limit}
            for row, limit in found.change.limits.items()
        },
        "levels": {
            rule: {"from": found.today.levels.get(rule), "to": level}
            for rule, level in found.change.levels.items()
        },
        "tried": [{**asdict(each), "why": each.why.en} for each in found.tried],
        "proposed_from": _halves(found.early),
        "held_back": _halves(found.late),
        "goal_met": found.late[1].score(goal)[0] == 0.0,
        "no_worse": found.holds(goal),
        "rests_on": [words.en for words in GROUNDS],
        "diff": diff,
    }


def _halves(figures: tuple[Figures, Figures]) -> dict[str, Any]:
    before, after = ({**asdict(each), "share": each.share} for each in figures)
    return {"before": before, "after": after}


def render(found: Found, goal: Goal, diff: str, rules: Rulebook) -> str:
    zone = rules.calendar().timezone
    bodies = "".join(
        f'<main class="{lang}" lang="{"zh-Hans" if lang == "zh" else "en"}">'
        f"{_body(View(lang, '', zone), found, goal, diff)}</main>"
        for lang in LANGS
    )
    return (
        '<!doctype html>\n<html lang="zh-Hans"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>规则建议 Policy</title><style>{STYLE}{OWN_STYLE}</style></head>"
        '<body><input class="pick" type="radio" name="lang" id="zh" checked>'
        '<label for="zh">中文</label><input class="pick" type="radio" name="lang" id="en">'
        f'<label for="en" lang="en">English</label>{bodies}</body></html>\n'
    )


def _body(view: View, found: Found, goal: Goal, diff: str) -> str:
    least = LEAST[goal.least]
    said = (
        f"目标:按期率不低于 {goal.on_time:.0%},其次{least.zh};时限最多放宽到 {goal.at_most:g} 倍。",
        f"Goal: at least {goal.on_time:.0%} on time, then {least.en}; no limit more than {goal.at_most:g} "
        "times as long.",
    )
    met = found.late[1].score(goal)[0] == 0.0
    verdict = (
        f"在保留的部分上{'达到目标' if met else '未达到目标'}。",
        f"On what was held back the goal is {'met' if met else 'not met'}.",
    )
    grounds = "".join(f"<li>{view.say(words)}</li>" for words in GROUNDS)
    return (
        f"<h1>{view.say(('规则建议', 'Rules that would meet a goal'))}</h1><p>{view.say(said)}</p>"
        f"<p><b>{view.say(verdict)}</b></p>{_figures(view, found)}{_limits(view, found)}"
        f"{_levels(view, found)}<h2>{view.say(('依据', 'What it rests on'))}</h2><ul>{grounds}</ul>"
        f"<h2>{view.say(('对规则文件的改动', 'Changes to the files'))}</h2>"
        f'<pre class="scroll" tabindex="0">{esc(diff)}</pre>'
    )


def _figures(view: View, found: Found) -> str:
    parts = (
        ((f"{view.day(found.at)}之前", f"before {view.day(found.at)}"), found.early),
        ((f"{view.day(found.at)}起(保留)", f"from {view.day(found.at)} (held back)"), found.late),
    )
    rows = "".join(
        f'<tr><th scope="row">{view.say(NAMES[name])}</th>'
        + "".join(f"<td>{_told(name, each)}</td>" for _, figures in parts for each in figures)
        + "</tr>"
        for name in NAMES
    )
    heads = "".join(
        f'<th scope="colgroup" colspan="2">{view.say(words)}</th>' for words, _ in parts
    )
    each = f"<th>{view.say(('之前', 'Before'))}</th><th>{view.say(('之后', 'After'))}</th>" * 2
    title = view.say(("之前与之后", "Before and after"))
    return _tabled(title, f"<tr><th></th>{heads}</tr><tr><th></th>{each}</tr>", rows)


def _told(name: str, figures: Figures) -> str:
    if name == "share":
        return "" if figures.share is None else f"{figures.share:.1%}"
    value = getattr(figures, name)
    return f"{value:.3f}" if name == "unequal" else f"{value:,.0f}"


def _limits(view: View, found: Found) -> str:
    rows = "".join(
        f'<tr><th scope="row">{esc(row)}</th><td>{found.today.limits[row]}</td><td>{limit}</td></tr>'
        for row, limit in found.change.limits.items()
    )
    heads = _heads(view, ("时限", "Limit"), ("现为", "Today"), ("建议", "Proposed"))
    title = view.say(("时限", "Limits"))
    return f"<h2>{title}</h2>{_tabled(title, heads, rows)}" if rows else ""


def _levels(view: View, found: Found) -> str:
    rows = "".join(
        f'<tr><th scope="row">{esc(each.rule)}</th><td>{_level(view, each.level)}</td>'
        f"<td>{view.say(each.why)}</td><td>{_told('share', each.figures)}</td>"
        f"<td>{_told('escalated', each.figures)}</td>"
        f'<td class="n">{view.say(("采用", "kept") if each.kept else ("不采用", "left"))}</td></tr>'
        for each in found.tried
    )
    heads = _heads(
        view,
        ("分派规则", "Rule"),
        ("改从此级开始", "Would start at"),
        ("原因", "Because"),
        NAMES["share"],
        NAMES["escalated"],
        ("", ""),
    )
    title = view.say(("起始层级", "Starting levels"))
    return f"<h2>{title}</h2>{_tabled(title, heads, rows)}" if rows else ""


def _level(view: View, level: Level) -> str:
    return view.say(LEVELS[level])


def _heads(view: View, *words: tuple[str, str] | Words) -> str:
    return "<tr>" + "".join(f"<th>{view.say(each)}</th>" for each in words) + "</tr>"


def _tabled(title: str, heads: str, rows: str) -> str:
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}"><table>'
        f"<thead>{heads}</thead><tbody>{rows}</tbody></table></div>"
    )
