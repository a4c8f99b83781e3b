"""The public page by HTTP: the league table, the cases behind each cell, the cards as JSON.

A closed period is shown as it was published; the present one is as it is now.
"""

from __future__ import annotations

from html import escape
from typing import Any

from faststream.asgi import AsgiResponse

from schemas.outputs import Scorecard
from services.rating.bulletin import Bulletin
from services.rating.live import Live
from services.rating.page import page as league_page
from services.rating.periods import month_of
from services.rating.scorecards import behind
from services.shell.pages import as_html, as_json, page
from services.shell.runtime import Runtime


class Site:
    def __init__(self, runtime: Runtime[Any]) -> None:
        self.runtime = runtime
        self.bulletin = Bulletin(runtime)
        self.live = Live(runtime)

    def pages(self) -> list[tuple[str, Any]]:
        return [
            ("/", page(self.league)),
            ("/scorecards", page(self.scorecards)),
            ("/cases", page(self.cases)),
        ]

    async def league(self, query: dict[str, str]) -> AsgiResponse:
        cards = await self.cards(query.get("period") or self._present())
        return as_html(league_page(cards, self._rules()))

    async def scorecards(self, query: dict[str, str]) -> AsgiResponse:
        """As JSON; ``scope`` and ``id`` choose among them."""
        wanted = {name: query[name] for name in ("scope", "id") if name in query}
        cards = await self.cards(query.get("period") or self._present())
        return as_json(
            [
                card.model_dump(mode="json")
                for card in cards
                if all(getattr(card, name) == value for name, value in wanted.items())
            ]
        )

    async def cases(self, query: dict[str, str]) -> AsgiResponse:
        """The cases behind one cell."""
        board = await self.live.board(query["period"])
        cell = {name: query[name] for name in ("scope", "id", "measure")}
        found = [case for case, _ in behind(board, **cell, part=query.get("part", "numerator"))]
        if query.get("format") == "json":
            return as_json(found)
        items = "".join(f"<li><code>{escape(case)}</code></li>" for case in found)
        title = escape(f"{query['measure']} {query.get('part', '')} · {query['id']}")
        return as_html(
            f'<!doctype html><meta charset="utf-8"><title>{title}</title>'
            f"<h1>{title}</h1><p>{len(found)} 件 cases · gridcase case ID</p><ol>{items}</ol>"
        )

    async def cards(self, period: str) -> list[Scorecard]:
        kept = await self.bulletin.stored.find_one({"_id": period})
        if kept is not None and kept["incarnation"] == self.runtime.snapshots.incarnation:
            return [Scorecard.model_validate(card) for card in kept["cards"]]
        return (await self.live.board(period)).cards()

    def _rules(self) -> Any:
        return self.live.rules()

    def _present(self) -> str:
        return month_of(self.live.rules(), self.live.now())
