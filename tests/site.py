"""The public site without Kafka and MongoDB: the same pages over facts that a test gives.

    with serving(Site…) as address: a browser may read it

`demo_site` shows the demo month, rehearsed, with July published; `many_site` as many cases as asked.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Thread
from time import sleep
from types import SimpleNamespace
from typing import Any

import uvicorn

from benchmarks.many_cases import many_cases
from lab.demo import rehearsals
from schemas.outputs import Scorecard
from schemas.rulebook import Rulebook, Rulebooks
from services.rating.bulletin import taken_at
from services.rating.facts import State
from services.rating.league import compared
from services.rating.periods import previous
from services.rating.published import Edition
from services.rating.scorecards import scorecards
from services.rating.site import Site
from services.shell.desk import Entry
from services.shell.reference import read_folder

HANYIN = Path(__file__).parents[1] / "deploy" / "hanyin"


class InMemory:
    """What was published, kept in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[Edition, list[Scorecard]]] = {}

    async def prepare(self, incarnation: str) -> None: ...

    async def editions(self, period: str | None = None) -> list[Edition]:
        found = [edition for edition, _ in self.kept.values() if period in (None, edition.period)]
        return sorted(found, key=lambda edition: (edition.period, edition.version))

    async def newest(self, period: str, as_of: datetime | None = None) -> Edition | None:
        known = [e for e in await self.editions(period) if as_of is None or e.as_of <= as_of]
        return known[-1] if known else None

    async def cards(self, edition: Edition) -> list[Scorecard]:
        return self.kept[edition.id][1]

    async def history(self, scope: str, id: str, periods: Sequence[str]) -> dict[str, Scorecard]:
        cards = (card for _, cards in self.kept.values() for card in cards)
        return {
            c.period: c for c in cards if (c.scope, c.id) == (scope, id) and c.period in periods
        }

    def publish(self, facts: Sequence[tuple[str, State]], rules: Rulebook, period: str) -> None:
        """A first edition, as of when it would be taken, of facts that are known now."""
        taken = taken_at(rules, period)
        cards = scorecards(facts, rules, period, taken)
        before = self.kept.get(f"{previous(period)}/v1")
        if before:
            cards = compared(cards, {(card.scope, card.id): card for card in before[1]})
        edition = Edition(period, 1, taken, rules.version, told=True)
        self.kept[edition.id] = (edition, cards)


def site_of(
    facts: Mapping[str, State], rules: Rulebook, now: datetime, published: Sequence[str] = ()
) -> Site:
    """A site that has these facts of its own, and has published those periods."""
    entries = {case: Entry(case, state, offset=0) for case, state in facts.items()}
    desk = SimpleNamespace(entries=entries, folded=1, cases=SimpleNamespace(whole=True))
    runtime: Any = SimpleNamespace(
        step=SimpleNamespace(desks={0: desk}, partitions=1, ticked=now),
        feed=SimpleNamespace(rulebooks=Rulebooks([rules.reference])),
        settings=SimpleNamespace(clock="stream"),
        database={"rating_periods": None, "rating_cards": None},
    )
    site = Site(runtime)
    memory = InMemory()
    for period in published:
        memory.publish(list(facts.items()), rules, period)
    site.published = site.bulletin.published = memory  # type: ignore[assignment]
    return site


def demo_site() -> Site:
    reference = read_folder(HANYIN)
    rehearsal, end = rehearsals.july(reference)
    facts = rehearsals.facts_of(rehearsal)
    return site_of(facts, Rulebook(reference), end, ("2022-06", "2022-07"))


def many_site(count: int, until: datetime) -> Site:
    rules = Rulebook(read_folder(HANYIN))
    return site_of(dict(many_cases(rules, count, until)), rules, until)


def asgi(site: Site) -> Any:
    """The site's pages as an ASGI application."""
    pages = dict(site.pages())

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        handler = pages.get(scope["path"])
        if handler is None:
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            return
        await handler(scope, receive, send)

    return app


@contextmanager
def serving(site: Site) -> Iterator[str]:
    """The site on a port of this machine, for a browser."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(
        asgi(site), host="127.0.0.1", port=port, log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
