"""`gridcase demo`: July 2022 in Hanyin, from the first report to the league table."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.table import Table

if TYPE_CHECKING:
    from lab.watch.view import MonthView
    from schemas.envelope import Message
    from schemas.outputs import Scorecard
    from schemas.rulebook import Rulebook

console = Console(highlight=False)
PERIOD = "2022-07"


def demo(
    data: Annotated[Path, typer.Option(help="Where log, pages and the database live.")] = Path(
        "run/demo"
    ),
    stories: Annotated[int, typer.Option(help="How many of the reports to play.", min=1)] = 10_000,
    disputes: Annotated[
        bool,
        typer.Option(help="Play the disputes of January to August as well: 945 in all."),
    ] = False,
    broker: Annotated[
        str, typer.Option(help="`mock`: in memory, no Java. `kafka`: a real one.")
    ] = "mock",
    reference: Annotated[Path, typer.Option(help="The county's rules.", exists=True)] = Path(
        "deploy/hanyin"
    ),
) -> None:
    """Play the demo month: 342 reports become cases, go to departments, run against deadlines,
    climb where they are late, are rated, and end in a league table.

    汉阴县 2022 年 7 月:受理、分派、督办、评价,全程演示。

    Examples: `gridcase demo` · `gridcase demo --stories 50` · `gridcase demo --broker kafka`

    With the county's mediation of eight months, which takes several times as long:
    `gridcase demo --disputes && gridcase mediation run/demo/log.jsonl`
    """
    if broker not in ("mock", "kafka"):
        raise typer.BadParameter("it is `mock` or `kafka`", param_hint="--broker")
    asyncio.run(_demo(data, stories, disputes, broker, reference))


async def _demo(data: Path, count: int, disputes: bool, broker: str, reference: Path) -> None:
    from lab.demo import disputes as beside
    from lab.demo.month import LogFile, Slowest, play
    from lab.demo.stories import read_stories
    from lab.supervisor import Options, Platform
    from lab.watch.view import MonthView
    from schemas.rulebook import Rulebook
    from services.shell.reference import read_folder

    started = monotonic()
    rules = Rulebook(read_folder(reference))
    stories = read_stories()[:count]
    others = beside.disputes(rules, stories) if disputes else []
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)  # noqa: ASYNC240 - before anything runs
    options = Options(
        rules.reference,
        data,
        clock="stream",
        broker="kafka" if broker == "kafka" else "mock",
        environment={"GRIDCASE_LOG_LEVEL": "warning"},
        say=lambda text: console.print(f"[dim]{text}[/]"),
    )
    view, slowest = MonthView(rules, len(stories) + len(others)), Slowest()
    view.simulated = True
    async with Platform(options) as platform:
        with (data / "log.jsonl").open("wb") as file, _shown(view) as show:
            log = LogFile(file, mock=platform.kind == "mock")

            def on_event(event: Message[Any]) -> None:
                slowest.on_event(event)
                show(event)

            played = await play(
                platform.settings,
                platform.http,
                rules,
                log,
                stories=stories,
                mediators=beside.Mediators(others) if others else None,
                on_event=on_event,
            )
        cards = await _cards(platform.http["rating"])
        await _keep_page(platform.http["rating"], data)
    _show_league(cards, rules)
    _show_slowest(data / "log.jsonl", slowest.case, rules)
    console.print(
        f"\n{played.cases} cases, {played.open} still open · {monotonic() - started:.0f} s · "
        f"log [bold]{data / 'log.jsonl'}[/] · page [bold]{data / 'pages' / f'{PERIOD}.html'}[/]\n"
        f"next: [bold]gridcase case wechat-321/wx-0701-001 --log {data / 'log.jsonl'}[/]"
    )


@contextmanager
def _shown(view: MonthView) -> Iterator[Any]:
    """The live view on a terminal; elsewhere a line every few seconds."""
    from lab.watch.view import progress

    if console.is_terminal:
        with Live(view, console=console, refresh_per_second=3):
            yield view.on_event
        console.print()
        return
    last = monotonic()

    def on_event(event: Any) -> None:
        nonlocal last
        view.on_event(event)
        if monotonic() - last > 5:
            last = monotonic()
            console.print(progress(view))

    yield on_event
    console.print(progress(view))


async def _cards(rating: str) -> list[Scorecard]:
    """July's scorecards, as they were published."""
    import httpx

    from schemas.outputs import Scorecard

    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.get(f"{rating}/api/scorecards", params={"period": PERIOD})
        return [Scorecard.model_validate(card) for card in answer.json()]


async def _keep_page(rating: str, data: Path) -> None:
    import httpx

    pages = data / "pages"
    pages.mkdir(exist_ok=True)
    async with httpx.AsyncClient(timeout=30) as client:
        answer = await client.get(f"{rating}/", params={"period": PERIOD})
        (pages / f"{PERIOD}.html").write_text(answer.text)


def _show_league(cards: list[Scorecard], rules: Rulebook) -> None:
    """The towns, and the departments that had enough cases to be ranked."""
    from services.rating.league import league

    for group, title in (("towns", "各镇 towns"), ("county-units", "县级部门 county bureaus")):
        table = Table(title=f"{PERIOD} {title}", title_justify="left", header_style="bold")
        for column in ("名次", "单位", "受理", "办结率", "按时率", "满意率(实评)", "含未评价"):
            table.add_column(column, justify="left" if column == "单位" else "right")
        for card in league(cards, group):  # type: ignore[arg-type]
            if card.counts["accepted"]:
                table.add_row(*_row(card))
        console.print(table)


def _row(card: Scorecard) -> list[str]:
    rates = ("completion", "on_time", "satisfaction", "satisfaction_with_silence")
    shares = [f"{card.rates[n].numerator}/{card.rates[n].denominator}" for n in rates]
    return [str(card.rank or "–"), card.name, str(card.counts["accepted"]), *shares]


def _show_slowest(log: Path, case: str, rules: Rulebook) -> None:
    """The case that climbed highest and took longest, told as a story."""
    from lab.story.case_log import from_file
    from lab.story.story_page import render
    from lab.story.storytelling import stand, tell
    from schemas.rulebook import Rulebooks

    found = from_file(log, case, Rulebooks([rules.reference]))
    console.print("\n[bold]最慢的一件 the slowest case[/]")
    console.print(
        render(case, tell(found.events, rules), stand(found.events, found.now), rules, "both")
    )
