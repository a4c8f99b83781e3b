"""What is counted and what is not: the glossary, from the table of measures."""

from __future__ import annotations

from typing import Any

from schemas.rulebook import Rulebook
from services.rating.measures import MEASURES, REASONS, SPANS, Measure
from services.rating.web.layout import page
from services.rating.web.parts import View, esc

RULES_OF_COUNTING = (
    (
        "每个案件在每个格子里最多计一次。镇、村、服务、类别对整个案件负责;单位和层级只对分派给自己的部分负责。",
        "A case counts at most once in a cell. Towns, villages, services and categories answer for the "
        "whole case; units and levels only for what was assigned to them.",
    ),
    (
        "是否按期只看时间,不看系统有没有发出超期提示;时限在设定时固定,退回和转办不让下一家承担前一家用掉的时间。",
        "Whether something was in time is told from times alone. A limit is frozen when it is set, and "
        "nobody inherits the time that another has spent.",
    ),
    (
        "两种口径并列:未评价视为满意,与只计实际评价;含延期的按期率,与不含延期的按期率。",
        "Both conventions stand side by side: silence counted as satisfied, and actually rated alone; on "
        "time with extensions, and without the extended.",
    ),
    (
        "满意度以最后一次评价为准;本人评价先于回访,回访先于民调。",
        "The last rating counts; the resident's own word goes before a return visit's, a visit's before "
        "a poll's.",
    ),
    (
        "本期结束后公布的数字不再改变;之后到达的事实只改变实时数字。更正以新版本公布,并写明原因。",
        "What was published of a closed period stays. Facts that come later change the figures as they "
        "are now; a correction is a new version with its reason.",
    ),
)


def about_page(view: View, rules: Rulebook) -> str:
    title = view.say(("指标说明:计什么,不计什么", "What is counted, and what is not"))
    said = "".join(f"<li>{view.say(rule)}</li>" for rule in RULES_OF_COUNTING)
    words = "".join(_entry(view, measure) for measure in MEASURES)
    spans = "".join(f"<li>{view.say(span.label)}</li>" for span in SPANS)
    times = view.say(
        ("用时(经过时间与工作时间,中位数与90%)", "Times, elapsed and working: median, 90 %")
    )
    low = rules.settings.low_stars
    body = (
        f"<ul>{said}<li>{view.say((f'{low} 星及以下或“未解决”为低评。', f'{low} stars or fewer, or “not solved”, are a low rating.'))}"
        f"</li></ul><h2>{view.say(('指标', 'Measures'))}</h2><dl class=words>{words}</dl>"
        f"<h2>{times}</h2><ul>{spans}</ul>"
    )
    return page(view, title, body, here="/about")


def _entry(view: View, measure: Measure) -> str:
    lines = [view.say(measure.counted)]
    if measure.among is not None:
        lines.append(f"÷ {view.say(measure.among)}")
    if measure.left_out:
        reasons = " · ".join(view.say(REASONS[why]) for why in measure.left_out)
        lines.append(f"{view.say(('不计入', 'Left out'))}: {reasons}")
    said = "".join(f"<dd>{line}</dd>" for line in lines)
    return f'<dt id="{esc(measure.name)}">{view.say(measure.label)}</dt>{said}'


def glossary() -> list[dict[str, Any]]:
    """The table of measures, for programs."""
    return [
        {
            "name": measure.name,
            "kind": "rate" if measure.is_rate else "count",
            "label": measure.label._asdict(),
            "numerator": measure.counted._asdict(),
            "denominator": measure.among._asdict() if measure.among else None,
            "left_out": {why: REASONS[why]._asdict() for why in measure.left_out},
        }
        for measure in MEASURES
    ]


def markdown() -> str:
    """The table of measures for the docs, in both languages."""
    rows = "".join(
        f"| `{m.name}` | {m.label.zh} {m.label.en} | {m.counted.zh}<br>{m.counted.en} | "
        f"{f'{m.among.zh}<br>{m.among.en}' if m.among else '–'} | "
        f"{'<br>'.join(f'`{why}` {REASONS[why].zh} {REASONS[why].en}' for why in m.left_out) or '–'} |\n"
        for m in MEASURES
    )
    return (
        "# What is counted, and what is not\n\nGenerated from the table of measures "
        "(`services/rating/measures.py`) by `python -m services.rating.glossary`.\n\n"
        "| measure | 名称 name | numerator | denominator | left out |\n|---|---|---|---|---|\n"
        + rows
    )
