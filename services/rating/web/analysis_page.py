"""The monthly analysis as a page, and as Markdown."""

from __future__ import annotations

from services.rating.analysis import Analysis, Finding
from services.rating.web.layout import page, periods
from services.rating.web.parts import View, case_number, esc

SHOWN = 12
"""Cases named in a sentence's list; the others are counted."""
NOTHING = ("本期未发现。", "Nothing was found.")


def analysis_page(view: View, found: Analysis, present: str) -> str:
    title = view.say((f"研判报告({found.period})", f"Analysis of {found.period}"))
    files = (("/analysis.pdf", "PDF"), ("/analysis.md", "Markdown"))
    links = "".join(f'<li><a href="{view.link(path)}">{name}</a></li>' for path, name in files)
    taken = view.say(("统计时间", "taken at"))
    sections = "".join(
        f"<h2>{view.say(words)}</h2>{_list(view, findings)}" for words, findings in found.sections
    )
    body = (
        f'<p class="soft">{taken} {view.at(found.as_of)} ({esc(view.zone)})</p>'
        f'<ul class="chips screen">{links}</ul>{periods(view, "/analysis", present)}{sections}'
    )
    return page(view, title, body, here="/analysis")


def _list(view: View, findings: tuple[Finding, ...]) -> str:
    if not findings:
        return f"<p>{view.say(NOTHING)}</p>"
    return f"<ul>{''.join(f'<li>{_sentence(view, finding)}</li>' for finding in findings)}</ul>"


def _sentence(view: View, finding: Finding) -> str:
    links = " ".join(
        f'<a href="{view.link("/progress", case=case, period=None)}">{case_number(case)}</a>'
        for case in finding.cases[:SHOWN]
    )
    more = len(finding.cases) - SHOWN
    rest = view.say((f"等 {len(finding.cases)} 件", f"and {more} more")) if more > 0 else ""
    return f"{view.say(finding.words)} <small>{links} {rest}</small>"


def markdown(view: View, found: Analysis) -> str:
    """The same sentences, each with all its cases."""
    lines = [f"# {view.say((f'研判报告({found.period})', f'Analysis of {found.period}'))}", ""]
    lines += [f"{view.say(('统计时间', 'Taken at'))} {view.at(found.as_of)} ({view.zone})", ""]
    for words, findings in found.sections:
        lines += [f"## {view.say(words)}", ""]
        lines += [
            f"- {view.say(finding.words)} ({', '.join(case_number(case) for case in finding.cases)})"
            for finding in findings
        ] or [view.say(NOTHING)]
        lines.append("")
    return "\n".join(lines)
