"""Bulletin and analysis by HTTP: as pages, and for paper.

/bulletin  /bulletin.pdf      /analysis  /analysis.pdf  /analysis.md
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from services.rating.analysis import Analysis, analyse
from services.rating.printing import CannotPrint, Printer
from services.rating.web import http
from services.rating.web.analysis_page import analysis_page as analysis_html
from services.rating.web.analysis_page import markdown
from services.rating.web.bulletin_page import bulletin_page as bulletin_html
from services.rating.web.http import LONG, SOON, Answer, Request, as_html, as_json
from services.rating.web.overview import Shown
from services.rating.web.parts import View, moment_of

if TYPE_CHECKING:
    from services.rating.site import Site


class Papers:
    def __init__(self, site: Site) -> None:
        self.site = site
        self.printer = Printer()

    def pages(self) -> dict[str, Callable[[Request], Awaitable[Answer]]]:
        return {
            "/bulletin": self.bulletin,
            "/bulletin.pdf": self.bulletin_pdf,
            "/analysis": self.analysis,
            "/analysis.pdf": self.analysis_pdf,
            "/analysis.md": self.analysis_markdown,
        }

    async def bulletin(self, request: Request) -> Answer:
        shown, made = await self._bulletin(request)
        return as_html(made, keep=SOON if shown.edition is None else LONG)

    async def bulletin_pdf(self, request: Request) -> Answer:
        shown, made = await self._bulletin(request)
        return await self._paper(made, f"bulletin-{shown.county.period}.pdf")

    async def _bulletin(self, request: Request) -> tuple[Shown, str]:
        view = self.site.view(request)
        shown = await self.site.shown(view, request)
        return shown, bulletin_html(view, shown, self.site.live.rules())

    async def analysis(self, request: Request) -> Answer:
        view, found = await self._analysis(request)
        return as_html(analysis_html(view, found, self.site.present()))

    async def analysis_pdf(self, request: Request) -> Answer:
        view, found = await self._analysis(request)
        made = analysis_html(view, found, self.site.present())
        return await self._paper(made, f"analysis-{view.period}.pdf")

    async def analysis_markdown(self, request: Request) -> Answer:
        view, found = await self._analysis(request)
        body = markdown(view, found).encode()
        return http.as_file(body, http.MARKDOWN, f"analysis-{view.period}.md")

    async def _analysis(self, request: Request) -> tuple[View, Analysis]:
        """Of the facts as they are, or were known at the moment asked for; made in a thread."""
        view = self.site.view(request)
        as_of = moment_of(view.as_of) if view.as_of else None
        if as_of is None:
            await self.site.live.look()
            facts, now = self.site.live.facts, self.site.live.now()
        else:
            facts, now = await self.site.time_machine.facts(as_of), as_of
        rules = self.site.live.rules()
        return view, await asyncio.to_thread(analyse, facts.items(), rules, view.period, now)

    async def _paper(self, html: str, name: str) -> Answer:
        try:
            return http.as_file(await self.printer.as_pdf(html), http.PDF, name)
        except CannotPrint as error:
            return as_json({"error": str(error)}, status=503)
