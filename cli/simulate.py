"""`gridcase simulate DIR`: a county that does not exist yet, lived through in this process."""

from __future__ import annotations

from datetime import date, datetime, time
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.compare import day, rules_of
from cli.going_on import through

if TYPE_CHECKING:
    from lab.simulate.county import Plan
    from lab.simulate.habits import Habits
    from lab.simulate.observing import Observed
    from schemas.envelope import Message
    from schemas.rulebook import Rulebook

console = Console(highlight=False)
A_YEAR = 365
FIRST_DAY = date(2022, 1, 1)
Seed = Annotated[int, typer.Option(help="The same seed gives the same log, to the byte.", min=0)]
FitFile = Annotated[
    Path | None,
    typer.Option(help="Habits that `gridcase fit` wrote; else plain ones, made up.", exists=True),
]


def simulate(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Reference data.", exists=True, file_okay=False)
    ],
    cases: Annotated[
        int | None, typer.Option(help="So many in all; else as the rates give.", min=1)
    ] = None,
    days: Annotated[int | None, typer.Option(help="A year, if not given.", min=1)] = None,
    seed: Seed = 1,
    fit: FitFile = None,
    first: Annotated[str | None, typer.Option("--from", help="First local day.")] = None,
    people: Annotated[int, typer.Option(help="Inhabitants who may report.", min=1)] = 310_000,
    scale: Annotated[float, typer.Option(help="Times the rates.", min=0.0001)] = 1.0,
    counties: Annotated[
        int, typer.Option(help="So many alike, each with its own luck, one log each.", min=1)
    ] = 1,
    afterwards: Annotated[
        int, typer.Option(help="Days for which time goes on after the last report.", min=0)
    ] = 60,
    log: Annotated[
        Path | None,
        typer.Option(help="Write the log here, one event a line; of several counties, a folder."),
    ] = None,
    publish: Annotated[
        bool,
        typer.Option("--publish", help="On a platform, through its topics, not in this process."),
    ] = False,
    speed: Annotated[
        float | None,
        typer.Option(help="With `--publish`: so many seconds in a second; else as it goes.", min=1),
    ] = None,
    data: Annotated[
        Path, typer.Option(help="With `--publish`: the platform's folder, as of `up --data`.")
    ] = Path("run"),
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Live through a county in this process, by the services' own pure functions: what comes in by
    hour, weekday, season, holiday and shock; departments with queues; residents who rate.

    Example: `gridcase simulate deploy/hanyin --cases 2000 --days 30 --seed 7 --log run/simulated.jsonl`

    Example: `gridcase simulate deploy/boston --fit run/habits.yaml --from 2015-07-01 --days 92`

    Example: `gridcase up --clock stream --reference deploy/hanyin`, then `gridcase simulate
    deploy/hanyin --cases 300 --days 7 --publish --speed 3600`
    """
    from lab.simulate.arrivals import Span

    rules = rules_of(folder)
    habits = habits_of(fit, rules, people)
    span = Span(day(first, "--from") or FIRST_DAY, days or A_YEAR, cases, scale)
    if publish:
        if counties > 1 or log is not None:
            raise typer.BadParameter(
                "one county at a time, and its log is the platform's: `gridcase log export`",
                param_hint="--publish",
            )
        told = [_published(_plan(span, seed, afterwards, people, None), habits, rules, data, speed)]
        _tell(told, log, as_json=as_json)
        return
    told = []
    for number in range(1, counties + 1):
        plan = _plan(span, seed, afterwards, people, number if counties > 1 else None)
        told.append(_live(plan, habits, rules, _file(log, number, counties)))
    _tell(told, log, as_json=as_json)


def _tell(told: list[dict[str, Any]], log: Path | None, *, as_json: bool) -> None:
    if as_json:
        import orjson

        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    _show(told)
    if log is not None:
        console.print(f"written: {log}", soft_wrap=True)


def habits_of(fit: Path | None, rules: Rulebook, people: int) -> Habits:
    """The habits in the file, or plain ones; ends with the reason if there are none."""
    from lab.simulate.habits import HabitsError, read_habits
    from lab.simulate.usual import usual

    try:
        return read_habits(fit) if fit else usual(rules, people)
    except (HabitsError, ValueError) as error:
        console.print(f"[red]no habits[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None


def _plan(span: Any, seed: int, afterwards: int, people: int, number: int | None) -> Plan:
    from lab.simulate.county import Plan

    name = "" if number is None else f"c{number:03}-"
    return Plan(span, seed, afterwards, people, name=name)


def _file(log: Path | None, number: int, counties: int) -> Path | None:
    if log is None or counties == 1:
        return log
    log.mkdir(parents=True, exist_ok=True)
    return log / f"county-{number:03}.jsonl"


def _live(plan: Plan, habits: Habits, rules: Rulebook, log: Path | None) -> dict[str, Any]:
    from lab.simulate.county import simulate as live
    from lab.simulate.county import simulate_log
    from lab.simulate.observing import Observed

    seen, started = Observed(), monotonic()
    first = datetime.combine(plan.span.first, time(), rules.zone)
    with through(first, plan.end(rules.zone)) as to:

        def see(event: Message[Any]) -> None:
            seen.take(event)
            to(event.time)

        if log is None:
            live(plan, habits, rules, see)
        else:
            simulate_log(plan, habits, rules, log, see)
    return _summary(seen, monotonic() - started)


def _published(
    plan: Plan, habits: Habits, rules: Rulebook, data: Path, speed: float | None
) -> dict[str, Any]:
    """On the platform in that folder; ends with the reason where there is none."""
    import asyncio

    from cli.importing import NotRunning, fresh
    from lab.driver import NotQuiet
    from lab.simulate.observing import Observed
    from lab.simulate.publishing import publish
    from services.shell.endpoints import http_at, settings_at

    endpoints = data / "endpoints.json"
    settings, http = settings_at(endpoints), http_at(endpoints)
    seen, started = Observed(), monotonic()

    async def live() -> None:
        await fresh(http, plan.start(rules.zone))
        await publish(plan, habits, rules, (settings, http), seen.take, speed)

    try:
        asyncio.run(live())
    except (NotRunning, NotQuiet) as error:
        console.print(f"[red]not published[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    return _summary(seen, monotonic() - started)


def _summary(seen: Observed, seconds: float) -> dict[str, Any]:
    from lab.simulate.checking import on_time

    rates = on_time(seen)
    return {
        "cases": len(seen.cases),
        "events": seen.events,
        "seconds": round(seconds, 2),
        "cases_per_second": round(len(seen.cases) / seconds) if seconds else 0,
        "on_time": {
            name: {"cases": each.cases, "due": each.due, "kept": each.kept}
            for name, each in sorted(rates.items())
        },
    }


def _show(told: list[dict[str, Any]]) -> None:
    cases, events = sum(t["cases"] for t in told), sum(t["events"] for t in told)
    seconds = sum(t["seconds"] for t in told)
    rate = cases / seconds if seconds else 0
    console.print(f"{cases:,} cases, {events:,} events in {seconds:,.1f} s: {rate:,.0f} cases/s")
    table = Table("department", "held", "due", "on time")
    sums: dict[str, list[int]] = {}
    for each in told:
        for name, counts in each["on_time"].items():
            row = sums.setdefault(name, [0, 0, 0])
            for place, key in enumerate(("cases", "due", "kept")):
                row[place] += counts[key]
    for name, (held, due, kept) in sorted(sums.items(), key=lambda item: -item[1][0])[:SHOWN]:
        table.add_row(name, f"{held:,}", f"{due:,}", f"{kept / due:.1%}" if due else "")
    console.print(table)


SHOWN = 20
