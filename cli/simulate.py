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
from cli.going_on import busy, through

if TYPE_CHECKING:
    from lab.simulate.counties import Lived
    from lab.simulate.county import Plan
    from lab.simulate.habits import Habits
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
    jobs: Annotated[
        int | None,
        typer.Option(help="With `--counties`: so many processes; all cores.", min=1),
    ] = None,
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
    from lab.replay.running import cores
    from lab.simulate.arrivals import Span
    from lab.simulate.counties import live_all

    rules = rules_of(folder)
    habits = habits_of(fit, rules, people)
    span = Span(day(first, "--from") or FIRST_DAY, days or A_YEAR, cases, scale)
    if publish:
        if counties > 1 or log is not None:
            raise typer.BadParameter(
                "one county at a time, and its log is the platform's: `gridcase log export`",
                param_hint="--publish",
            )
        plan = _plan(span, seed, afterwards, people, None)
        lived = _published(plan, habits, rules, data, speed)
        _tell([lived], lived.seconds, log, as_json=as_json)
        return
    began = monotonic()
    if counties == 1:
        told = [_live(_plan(span, seed, afterwards, people, None), habits, rules, log)]
    else:
        numbers = range(1, counties + 1)
        plans = [_plan(span, seed, afterwards, people, number) for number in numbers]
        with busy(f"living through {counties} counties …"):
            logs = [_file(log, number) for number in numbers]
            told = live_all(plans, habits, rules, logs, jobs or cores())
    _tell(told, monotonic() - began, log, as_json=as_json)


def _tell(told: list[Lived], seconds: float, log: Path | None, *, as_json: bool) -> None:
    if as_json:
        import orjson

        found = [_data(each) for each in told]
        print(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    _show(told, seconds)
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


def _file(log: Path | None, number: int) -> Path | None:
    """Where the log of one of several counties is written."""
    if log is None:
        return None
    log.mkdir(parents=True, exist_ok=True)
    return log / f"county-{number:03}.jsonl"


def _live(plan: Plan, habits: Habits, rules: Rulebook, log: Path | None) -> Lived:
    from lab.simulate.counties import live

    first = datetime.combine(plan.span.first, time(), rules.zone)
    with through(first, plan.end(rules.zone)) as to:
        return live(plan, habits, rules, log, to)


def _published(
    plan: Plan, habits: Habits, rules: Rulebook, data: Path, speed: float | None
) -> Lived:
    """On the platform in that folder; ends with the reason where there is none."""
    import asyncio

    from cli.importing import NotRunning, fresh
    from lab.driver import NotQuiet
    from lab.simulate.counties import told
    from lab.simulate.observing import Observed
    from lab.simulate.publishing import publish
    from services.shell.endpoints import http_at, settings_at

    endpoints = data / "endpoints.json"
    settings, http = settings_at(endpoints), http_at(endpoints)
    seen, began = Observed(), monotonic()

    async def live() -> None:
        await fresh(http, plan.start(rules.zone))
        await publish(plan, habits, rules, (settings, http), seen.take, speed)

    try:
        asyncio.run(live())
    except (NotRunning, NotQuiet) as error:
        console.print(f"[red]not published[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    return told(seen, monotonic() - began)


def _data(lived: Lived) -> dict[str, Any]:
    """For a program: seconds by the clock on the wall, and of processor time."""
    return {
        "cases": lived.cases,
        "events": lived.events,
        "seconds": round(lived.seconds, 2),
        "cpu_seconds": None if lived.cpu is None else round(lived.cpu, 2),
        "cases_per_second": _rate(lived.cases, lived.seconds),
        "on_time": {
            name: {"cases": each.cases, "due": each.due, "kept": each.kept}
            for name, each in lived.on_time.items()
        },
    }


def _rate(cases: int, seconds: float | None) -> int:
    return round(cases / seconds) if seconds else 0


def _show(told: list[Lived], seconds: float) -> None:
    cases, events = sum(each.cases for each in told), sum(each.events for each in told)
    cpu = sum(each.cpu or 0.0 for each in told)
    used = f"; {cpu:,.1f} s of CPU: {_rate(cases, cpu):,} cases/s" if cpu else ""
    console.print(
        f"{cases:,} cases, {events:,} events in {seconds:,.1f} s: {_rate(cases, seconds):,} cases/s"
        f"{used}",
        soft_wrap=True,
    )
    table = Table("department", "held", "due", "on time")
    sums: dict[str, list[int]] = {}
    for each in told:
        for name, counts in each.on_time.items():
            row = sums.setdefault(name, [0, 0, 0])
            for place, number in enumerate((counts.cases, counts.due, counts.kept)):
                row[place] += number
    for name, (held, due, kept) in sorted(sums.items(), key=lambda item: -item[1][0])[:SHOWN]:
        table.add_row(name, f"{held:,}", f"{due:,}", f"{kept / due:.1%}" if due else "")
    console.print(table)


SHOWN = 20
