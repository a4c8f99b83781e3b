"""What a search found: for a program, and as one HTML page in both languages.

Found ─┬─► as_json
       └─► render: goal ─► before and after, on both halves ─► limits ─► starting levels ─► diff
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lab.policy.judging import Figures, Goal
from lab.policy.searching import Found, Step, Tried, What
from lab.story.vocabulary import duration
from lab.whatif.page import OWN_STYLE
from schemas.reference import Level
from schemas.rulebook import Rulebook
from services.rating.measures import LEVELS, Words
from services.rating.web.layout import STYLE
from services.rating.web.parts import LANGS, View, esc

GROUNDS: tuple[Words, ...] = (
    Words(
        "各项改动只根据前一部分提出和取舍;后一部分留到最后检验,不据以取舍。",
        "Proposed and chosen by the earlier part alone; the later part was held back, and only asked what "
        "each change does there.",
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
    Words(
        "缩短时限的依据是过去无一因此超期;能否守住新时限,仍须问承办单位。",
        "A shorter limit rests on nobody having been later than it; whether it can be kept is for those who "
        "must keep it to say.",
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
        "leads": {
            rule: {"from": found.today.leads.get(rule), "to": lead}
            for rule, lead in found.change.leads.items()
        },
        "tried": [_tried(each) for each in found.tried],
        "proposed_from": _halves(found.early),
        "held_back": _halves(found.late) | {"longer_limits_alone": _figured(found.longer)},
        "goal_met": found.late[1].score(goal)[0] == 0.0,
        "no_worse": found.holds(goal),
        "rests_on": [words.en for words in GROUNDS],
        "diff": diff,
    }


def _tried(each: Tried) -> dict[str, Any]:
    step = each.step
    return {
        "what": step.what,
        "row": step.row,
        "from": step.was,
        "to": step.becomes,
        "why": step.why.en,
        "kept": each.kept,
        "proposed_from": _figured(each.early),
        "held_back": _figured(each.late) if each.late else None,
    }


def _figured(figures: Figures) -> dict[str, Any]:
    return {**asdict(figures), "share": figures.share}


def _halves(figures: tuple[Figures, Figures]) -> dict[str, Any]:
    before, after = map(_figured, figures)
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
        f"目标:按期率不低于 {goal.on_time:.0%},其次{least.zh};时限为现行的 {goal.at_least:g} 至 "
        f"{goal.at_most:g} 倍。",
        f"Goal: at least {goal.on_time:.0%} on time, then {least.en}; limits from {goal.at_least:g} to "
        f"{goal.at_most:g} times today's.",
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
        f"{_steps(view, found)}<h2>{view.say(('依据', 'What it rests on'))}</h2><ul>{grounds}</ul>"
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
        f'<tr><th scope="row">{esc(row)}</th><td>{view.say(duration(found.today.limits[row]))}</td>'
        f"<td>{view.say(duration(limit))}</td></tr>"
        for row, limit in found.change.limits.items()
    )
    heads = _heads(view, ("时限", "Limit"), ("现为", "Today"), ("建议", "Proposed"))
    title = view.say(("时限", "Limits"))
    return f"<h2>{title}</h2>{_tabled(title, heads, rows)}" if rows else ""


WHAT: dict[What, Words] = {
    "limit": Words("缩短时限", "a shorter limit"),
    "lead": Words("换承办单位", "another lead"),
    "level": Words("改起始层级", "another starting level"),
}


def _steps(view: View, found: Found) -> str:
    rows = "".join(
        f'<tr><th scope="row">{esc(each.step.row)}</th><td>{view.say(WHAT[each.step.what])}</td>'
        f"<td>{_value(view, each.step, each.step.was)} → "
        f"{_value(view, each.step, each.step.becomes)}</td><td>{view.say(each.step.why)}</td>"
        f"{_cells(each.early)}"
        f'<td class="n">{view.say(("采用", "kept") if each.kept else ("不采用", "left"))}</td>'
        f"{_cells(each.late)}</tr>"
        for each in found.tried
    )
    parts = (("用于提出", "proposed from"), ("保留", "held back"))
    names = (NAMES["share"], NAMES["escalated"])
    early, late = ([_joined(name, part) for name in names] for part in parts)
    heads = _heads(
        view,
        ("行", "Row"),
        ("改动", "Change"),
        ("由 → 至", "From → to"),
        ("原因", "Because"),
        *early,
        ("", ""),
        *late,
    )
    title = view.say(("逐项试过的改动", "Changes that were tried"))
    return f"<h2>{title}</h2>{_tabled(title, heads, rows)}" if rows else ""


def _joined(name: Words, part: tuple[str, str]) -> Words:
    return Words(f"{name.zh}({part[0]})", f"{name.en} ({part[1]})")


def _cells(figures: Figures | None) -> str:
    names = ("share", "escalated")
    return "".join(f"<td>{_told(name, figures) if figures else ''}</td>" for name in names)


def _value(view: View, step: Step, value: str) -> str:
    match step.what:
        case "limit":
            return view.say(duration(value))
        case "lead":
            return esc(value)
        case "level":
            return view.say(LEVELS[Level(value)])


def _heads(view: View, *words: tuple[str, str] | Words) -> str:
    return "<tr>" + "".join(f"<th>{view.say(each)}</th>" for each in words) + "</tr>"


def _tabled(title: str, heads: str, rows: str) -> str:
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{title}"><table>'
        f"<thead>{heads}</thead><tbody>{rows}</tbody></table></div>"
    )
