"""The cases behind a number, and how far one case is: anonymised.

What is shown of a case is what its facts tell: kind, village, who has it, when. Never a word of what
was reported; of a sealed report (`violation`) neither kind nor place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from schemas.lifecycle import Status
from schemas.reference import Service
from schemas.rulebook import Rulebook
from services.rating.facts import Ending, Holding, State
from services.rating.judging import Verdict
from services.rating.measures import BY_NAME, REASONS, Words
from services.rating.units import name_of
from services.rating.web.layout import page, search
from services.rating.web.parts import View, case_number, esc, listed

A_PAGE = 50
STATUS: dict[Status, Words] = {
    Status.NEW: Words("未立案", "unknown"),
    Status.OPEN: Words("待分派", "waiting to be assigned"),
    Status.TRIAGE: Words("人工分拨中", "a petition officer decides who handles it"),
    Status.ASSIGNED: Words("已分派,待签收", "assigned, not signed for yet"),
    Status.SIGNED: Words("办理中", "being handled"),
    Status.PAUSED: Words("挂起", "paused"),
    Status.RESOLVED: Words("已办结,待评价", "finished, open to a rating"),
    Status.CLOSED: Words("已结案", "closed"),
    Status.WITHDRAWN: Words("已撤销", "withdrawn"),
    Status.MERGED: Words("已并入另一案件", "joined to another case"),
}
SAID: dict[str, Words] = {
    "counted": Words("计入", "counted"),
    "missed": Words("未达到", "not met"),
}
PARTS: dict[str, Words] = {
    "numerator": Words("达到的案件", "those that count"),
    "denominator": Words("计入的全部案件", "all that are counted"),
    "missed": Words("未达到的案件", "those that fell short"),
    "excluded": Words("未计入的案件", "those left out"),
}
ENDED: dict[Ending, Words] = {
    Ending.RESOLVED: Words("办结", "finished"),
    Ending.RETURNED: Words("退回", "returned as not theirs"),
    Ending.ESCALATED: Words("升级至上一级", "climbed to the next level"),
    Ending.REASSIGNED: Words("转出", "given to another"),
    Ending.WITHDRAWN: Words("撤销", "withdrawn"),
}
SEALED = Words("举报类,内容保密", "a sealed report")


def cases_page(
    view: View,
    rules: Rulebook,
    unit: str,
    cell: dict[str, str],
    count: int,
    shown: Sequence[tuple[str, State, Verdict]],
    start: int,
    published: int | None = None,
) -> str:
    """Some of the ``count`` cases behind one cell, from ``start`` on. ``published`` is how many there
    were when the figure was published."""
    measure, part = BY_NAME[cell["measure"]], cell.get("part", "numerator")
    title = f"{esc(unit)} · {view.say(measure.label)} · {view.say(PARTS[part])}"
    rows = "".join(_row(view, rules, *each) for each in shown)
    heads = (
        ("案件", "Case"), ("事项", "Kind"), ("地点", "Place"), ("承办", "Holder"), ("上报", "Reported"),
        ("办结", "Finished"), ("认定", "Verdict"),
    )  # fmt: skip
    cells = "".join(f'<th scope="col" class="t">{view.say(head)}</th>' for head in heads)
    number = view.say((f"{count} 件", f"{count} cases"))
    return page(
        view,
        title,
        f"<p>{number} · {view.say(measure.counted)}</p>{_differs(view, count, published)}"
        f"{_parts(view, cell, measure.is_rate)}"
        "<div class=scroll tabindex=0 role=region aria-labelledby=cases>"
        f'<table><caption id="cases">{view.say(("案件", "Cases"))}</caption><thead><tr>{cells}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
        f"{_pages(view, cell, start, count)}",
        here="/cases",
        **cell,
    )


def _differs(view: View, count: int, published: int | None) -> str:
    if published is None or published == count:
        return ""
    said = (
        f"公布时为 {published} 件;公布之后到达的事实改变了现在的清单,不改变已公布的数字。",
        f"{published} when it was published; facts that came later change this list, not the "
        "published figure.",
    )
    return f'<p class="note">{view.say(said)}</p>'


def _parts(view: View, cell: dict[str, str], is_rate: bool) -> str:
    if not is_rate:
        return ""
    here = cell.get("part", "numerator")
    items = "".join(
        f'<li><a href="{view.link("/cases", **{**cell, "part": part})}"'
        f"{' aria-current=true' if part == here else ''}>{view.say(words)}</a></li>"
        for part, words in PARTS.items()
    )
    return f'<ul class="chips">{items}</ul>'


def _row(view: View, rules: Rulebook, case: str, state: State, verdict: Verdict) -> str:
    link = view._replace(period="").link("/progress", case=case, period=None)
    last = state.holdings[-1] if state.holdings else None
    holder = view.say(name_of(rules, "department", last.department)) if last else "–"
    ended = last.until if last and last.ended is Ending.RESOLVED else None
    said = SAID.get(verdict) or REASONS[verdict]  # type: ignore[index]
    return (
        f'<tr><th scope="row" class="n"><a href="{link}">{case_number(case)}</a></th>'
        f'<td class="t">{kind_of(view, rules, state)}</td><td class="t">{place_of(view, rules, state)}'
        f'</td><td class="t">{holder}</td><td class="t n">{_day(view, state.opened_at)}</td>'
        f'<td class="t n">{_day(view, ended)}</td><td class="t">{view.say(said)}</td></tr>'
    )


def _day(view: View, moment: datetime | None) -> str:
    return view.day(moment) if moment else "–"


def kind_of(view: View, rules: Rulebook, state: State) -> str:
    if state.service is Service.VIOLATION:
        return view.say(SEALED)
    return view.say(name_of(rules, "category", state.category)) if state.category else "–"


def place_of(view: View, rules: Rulebook, state: State) -> str:
    """The village, never the grid: a grid has a few dozen households."""
    if state.service is Service.VIOLATION:
        return "–"
    path = [area for area in rules.path(state.area) if area.kind in ("village", "town")]
    return esc(" ".join(area.name for area in reversed(path))) or "–"


def _pages(view: View, cell: dict[str, str], start: int, count: int) -> str:
    links = []
    if start:
        before = view.link("/cases", **cell, start=max(start - A_PAGE, 0))
        links.append(f'<a href="{before}">{view.say(("上一页", "Earlier"))}</a>')
    if start + A_PAGE < count:
        after = view.link("/cases", **cell, start=start + A_PAGE)
        links.append(f'<a href="{after}">{view.say(("下一页", "More"))}</a>')
    label = view.say(("翻页", "Pages of the list"))
    return f'<nav aria-label="{label}"><ul>{listed(links)}</ul></nav>' if links else ""


# ── how far is it? ───────────────────────────────────────────────────────────────────────────


def progress_page(view: View, rules: Rulebook, asked: str, found: tuple[str, State] | None) -> str:
    title = view.say(("案件办理进度", "How far is it?"))
    if found is None:
        said = view.say(
            (
                "没有找到这个编号的案件,请核对后再查。",
                "There is no case with this number: please check it.",
            )
        )
        body = (
            f'{search(view, asked)}<p class="note" role="status">{said}</p>'
            if asked
            else search(view)
        )
    else:
        case, state = found
        body = f"{_standing(view, rules, case, state)}{search(view)}"
    return page(view, title, body, here="/progress", case=asked or None)


def _standing(view: View, rules: Rulebook, case: str, state: State) -> str:
    facts = (
        (view.say(("案件编号", "Number")), case_number(case)),
        (view.say(("事项", "Kind")), kind_of(view, rules, state)),
        (view.say(("地点", "Place")), place_of(view, rules, state)),
        (view.say(("现在", "Now")), f"<b>{view.say(STATUS[state.standing.status])}</b>"),
        (view.say(("办结时限", "To be finished by")), _due(view, state)),
    )
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)
    steps = "".join(f"<li>{step}</li>" for step in _way(view, rules, state))
    label = view.say(("办理过程", "What has happened"))
    return f'<dl class="figures">{items}</dl><h2>{label}</h2><ol class="way">{steps}</ol>'


def _due(view: View, state: State) -> str:
    holder = state.holder
    due = holder.limits.resolve if holder else None
    return view.at(due) if due else "–"


def _way(view: View, rules: Rulebook, state: State) -> Iterator[str]:
    if state.opened_at is not None:
        yield f"{view.at(state.opened_at)} {view.say(('受理', 'reported'))}"
    for holding in state.holdings:
        yield from _held(view, rules, holding)
    if state.standing.status is Status.CLOSED and state.ended_at is not None:
        yield f"{view.at(state.ended_at)} {view.say(('结案', 'closed'))}"


def _held(view: View, rules: Rulebook, h: Holding) -> Iterator[str]:
    unit = view.say(name_of(rules, "department", h.department))
    yield f"{view.at(h.since)} {view.say(('分派给', 'assigned to'))} {unit}"
    steps = [
        (h.signed_at, Words("签收", "signed for")),
        (h.responded_at, Words("首次答复", "first word to the reporter")),
        (h.until, ENDED[h.ended] if h.ended else Words("", "")),
        *((r.at, Words(f"评价 {r.stars} 星(后有新评价)", f"rated {r.stars} stars, and again later")) for r in h.replaced),
        *((r.at, Words(f"评价 {r.stars} 星", f"rated {r.stars} stars")) for r in h.ratings),
        (h.reopened_at, Words("因评价低重新办理", "reopened for a low rating")),
    ]  # fmt: skip
    for at, words in steps:
        if at is not None:
            yield f"{view.at(at)} {view.say(words)}"


def told(rules: Rulebook, state: State) -> dict[str, Any]:
    """What programs are told of a case: no more than people are."""
    sealed = state.service is Service.VIOLATION
    village = next((area.code for area in rules.path(state.area) if area.kind == "village"), None)
    last = state.holdings[-1] if state.holdings else None
    return {
        "service": state.service,
        "category": None if sealed else state.category,
        "village": None if sealed else village,
        "department": last.department if last else None,
        "level": last.level if last else None,
        "status": state.standing.status,
        "opened_at": state.opened_at,
        "resolved_at": last.until if last and last.ended is Ending.RESOLVED else None,
    }
