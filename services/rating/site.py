"""The public pages and the interface for programs, by HTTP.

    /  /unit  /cases  /progress  /about           pages, for people (bulletin, analysis: `papers`)
    /api/scorecards[.csv]  /api/cases  /api/measures  /api/periods  /api/openapi.json

A period that was published is shown as it was published; ``live=1`` shows it as it is now, and
``as_of=`` any period as it was known at a moment.
"""

from __future__ import annotations

import asyncio
from typing import Any

from schemas import ids
from schemas.outputs import Scorecard
from services.rating import api
from services.rating.appraisal import cases_of
from services.rating.board import Board
from services.rating.bulletin import Bulletin
from services.rating.facts import State
from services.rating.live import Live
from services.rating.measures import BY_NAME
from services.rating.papers import Papers
from services.rating.periods import month_of, months_before, parse
from services.rating.scorecards import behind, board_of
from services.rating.time_machine import TimeMachine
from services.rating.units import SCOPES, name_of
from services.rating.web import about, http, lists, overview
from services.rating.web.bulletin_page import appraisal_table
from services.rating.web.http import Answer, NotThere, Request, as_html, as_json
from services.rating.web.overview import Asked, Shown
from services.rating.web.parts import View, moment_of
from services.rating.web.tables import GROUP_WORDS, SCOPE_WORDS
from services.shell.runtime import Runtime

MONTHS = 12
"""How far trends go back."""
VISITORS = 4
"""Who may wait for the log to be read for them; others are asked to come again."""
MOST = 1000
"""Cases in one answer to a program."""
SHORTEST = 8
"""Digits of a case's number that are enough to look it up."""


class Site:
    def __init__(self, runtime: Runtime[Any]) -> None:
        self.runtime = runtime
        self.bulletin = Bulletin(runtime)
        self.live = Live(runtime)
        self.published = self.bulletin.published
        self.time_machine = TimeMachine(runtime.settings, most_waiting=VISITORS)

    def pages(self) -> list[tuple[str, Any]]:
        pages: dict[str, Any] = {
            "/": self.front,
            "/unit": self.unit,
            "/cases": self.cases,
            "/progress": self.progress,
            "/about": self.about,
            "/bulletin.csv": self.scorecards_csv,
            "/api/scorecards": self.scorecards,
            "/api/scorecards.csv": self.scorecards_csv,
            "/api/cases": self.case_list,
            "/api/measures": self.measures,
            "/api/periods": self.periods,
            "/api/openapi.json": self.openapi,
        }
        pages |= Papers(self).pages()
        return [(path, http.route(answer)) for path, answer in pages.items()]

    # ── what is shown ────────────────────────────────────────────────────────────────────────

    def view(self, request: Request) -> View:
        """How the page is shown. ValueError for a malformed period or moment."""
        period = request.query.get("period") or self.present()
        parse(period)
        as_of = request.query.get("as_of")
        if as_of is not None:
            moment_of(as_of)
        return View(request.lang, period, self.live.rules().calendar().timezone, as_of)

    def present(self) -> str:
        return month_of(self.live.rules(), self.live.now())

    async def shown(self, view: View, request: Request) -> Shown:
        """The cards of the period, as the reader wants them."""
        editions = await self.published.editions(view.period)
        as_of = moment_of(view.as_of) if view.as_of else None
        held = [edition for edition in editions if as_of is None or edition.as_of <= as_of]
        if held and "live" not in request.query:
            cards = await self.published.cards(held[-1])
            return Shown(cards, held[-1], editions, self.present())
        board = await self.board(view)
        return Shown(board.cards(), None, editions, self.present())

    async def board(self, view: View) -> Board:
        """The cases of the period, as they are now or were known at the moment asked for."""
        as_of = moment_of(view.as_of) if view.as_of else None
        if as_of is None or as_of >= self.live.now():
            return await self.live.board(view.period)
        facts = await self.time_machine.facts(as_of)
        rules = self.runtime.feed.rulebooks.at(as_of)
        return await asyncio.to_thread(board_of, facts, rules, view.period, as_of)

    async def history(
        self, view: View, scope: str, id: str
    ) -> tuple[dict[str, Scorecard], list[str]]:
        """What was published of a unit in the months up to this period."""
        months = months_before(view.period, MONTHS)
        found = await self.published.history(scope, id, months)
        known = [month for month in months if month in found]
        return found, months[months.index(known[0]) :] if known else []

    # ── pages ────────────────────────────────────────────────────────────────────────────────

    async def front(self, request: Request) -> Answer:
        view = self.view(request)
        shown = await self.shown(view, request)
        asked = Asked(
            _one_of(request.query.get("table", "towns"), (*GROUP_WORDS, *SCOPE_WORDS), "table"),
            _one_of(request.query.get("measure", "on_time"), overview.ON_MAP, "measure"),
            request.number("start"),
            request.query.get("find", "")[:50],
        )
        history = await self.history(view, "county", shown.county.id)
        made = overview.overview(view, shown, self.live.rules(), asked, *history)
        return as_html(made, keep=keep_of(shown))

    async def unit(self, request: Request) -> Answer:
        view = self.view(request)
        shown = await self.shown(view, request)
        card = self._card(shown, request.query["scope"], request.query["id"])
        history = await self.history(view, card.scope, card.id)
        points = appraisal_table(view, card, self.live.rules())
        return as_html(overview.unit_page(view, shown, card, *history, points), keep=keep_of(shown))

    def _card(self, shown: Shown, scope: str, id: str) -> Scorecard:
        found = next((c for c in shown.cards if c.scope == scope and c.id == id), None)
        if found is None:
            raise NotThere(f"there is no {scope} {id} in this period")
        return found

    async def cases(self, request: Request) -> Answer:
        view = self.view(request)
        cell = _cell(request)
        board = await self.board(view)
        if request.query.get("format") == "json":
            return as_json([case for case, _ in behind(board, **cell).cases])
        start = request.number("start")
        found = behind(board, **cell, start=start, most=lists.A_PAGE)
        rows = [(case, board.facts(case), verdict) for case, verdict in found.cases]
        scope: Any = _one_of(cell["scope"], SCOPES, "scope")
        unit = view.say(name_of(board.rules, scope, cell["id"]))
        made = lists.cases_page(
            view, board.rules, unit, cell, found.total, rows, start,
            await self._published_number(view, cell),
        )  # fmt: skip
        return as_html(made)

    async def _published_number(self, view: View, cell: dict[str, str]) -> int | None:
        """How many cases the published figure counted, where there is one."""
        edition = await self.published.newest(view.period)
        if edition is None or view.as_of is not None:
            return None
        for card in await self.published.cards(edition):
            if (card.scope, card.id) == (cell["scope"], cell["id"]):
                return cases_of(card, cell["measure"], cell.get("part", "numerator"))
        return 0

    async def progress(self, request: Request) -> Answer:
        view, asked = self.view(request), request.query.get("case", "").strip()
        await self.live.look()
        found = self._find(asked) if asked else None
        made = lists.progress_page(view, self.live.rules(), asked, found)
        return as_html(made, status=200 if found or not asked else 404)

    def _find(self, asked: str) -> tuple[str, State] | None:
        """By the case's id or the first digits of it, or by ``source/report id``."""
        source, _, report = asked.partition("/")
        for case in (asked, ids.case_id(source, report) if report else ""):
            if case in self.live.facts:
                return case, self.live.facts[case]
        digits = asked.replace("-", "").replace(" ", "").lower()
        if len(digits) < SHORTEST or not all(digit in "0123456789abcdef" for digit in digits):
            return None
        near = self.live.facts.beginning(_dashed(digits), most=2)
        return (near[0], self.live.facts[near[0]]) if len(near) == 1 else None

    async def about(self, request: Request) -> Answer:
        return as_html(about.about_page(self.view(request), self.live.rules()), keep=http.LONG)

    # ── for programs ─────────────────────────────────────────────────────────────────────────

    async def scorecards(self, request: Request) -> Answer:
        shown = await self.shown(self.view(request), request)
        cards = [card.model_dump(mode="json") for card in _chosen(shown, request)]
        return as_json(cards, keep=keep_of(shown))

    async def scorecards_csv(self, request: Request) -> Answer:
        view = self.view(request)
        shown = await self.shown(view, request)
        body = api.as_csv(_chosen(shown, request))
        return http.as_file(body, http.CSV, f"scorecards-{view.period}.csv", keep=keep_of(shown))

    async def case_list(self, request: Request) -> Answer:
        view = self.view(request)._replace(lang="en")
        board = await self.board(view)
        most = min(request.number("most", MOST), MOST)
        found = behind(board, **_cell(request), start=request.number("start"), most=most)
        rows = [
            {"case": case, "verdict": verdict} | lists.told(board.rules, board.facts(case))
            for case, verdict in found.cases
        ]
        return as_json({"count": found.total, "cases": rows})

    async def measures(self, _request: Request) -> Answer:
        return as_json(about.glossary(), keep=http.LONG)

    async def periods(self, _request: Request) -> Answer:
        editions = await self.published.editions()
        return as_json([
            {name: getattr(edition, name) for name in ("period", "version", "as_of", "rules", "reason")}
            for edition in editions
        ])  # fmt: skip

    async def openapi(self, _request: Request) -> Answer:
        return as_json(api.openapi(), keep=http.LONG)


def _dashed(digits: str) -> str:
    """The beginning of a case's id, as it is written."""
    ends = (8, 12, 16, 20, None)
    return "-".join(digits[a:b] for a, b in zip((0, *ends), ends, strict=False) if digits[a:b])


def _one_of(asked: str, known: Any, name: str) -> str:
    if asked not in known:
        raise ValueError(f"{name} should be one of {', '.join(known)}")
    return asked


def _cell(request: Request) -> dict[str, Any]:
    """KeyError for a part that is missing, or a measure that does not exist."""
    cell = {name: request.query[name] for name in ("scope", "id", "measure")}
    BY_NAME[cell["measure"]]
    return cell | {"part": request.query.get("part", "numerator")}


def _chosen(shown: Shown, request: Request) -> list[Scorecard]:
    wanted = {name: request.query[name] for name in ("scope", "id") if name in request.query}
    return [c for c in shown.cards if all(getattr(c, n) == value for n, value in wanted.items())]


def keep_of(shown: Shown) -> int:
    return http.SOON if shown.edition is None else http.LONG
