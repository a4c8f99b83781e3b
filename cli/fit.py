"""`gridcase fit LOG`: a county's habits from its log, for `gridcase simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.compare import rules_of
from cli.going_on import busy

if TYPE_CHECKING:
    from lab.simulate.checking import Compared, OnTime
    from lab.simulate.habits import Habits

console = Console(highlight=False)


def fit(
    log: Annotated[
        Path,
        typer.Argument(
            help="One event a line, as `log export` or `import --log` writes.",
            exists=True,
            dir_okay=False,
        ),
    ],
    reference: Annotated[Path, typer.Option(help="Folder with the rules.", exists=True)],
    to: Annotated[Path | None, typer.Option(help="Write the habits here: YAML.")] = None,
    half_life: Annotated[
        float | None,
        typer.Option(help="Days after which a case counts half; else all alike.", min=1),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            help="A later log: simulate its days, and compare who was in time.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the simulation that is checked.", min=0)] = 1,
    at_least: Annotated[
        int, typer.Option(help="Departments with so many cases that were due.", min=1)
    ] = 500,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Learn what comes in and how it is handled: rates by kind, month, weekday and hour, shocks,
    handling times, returns, ratings, and what departments can do in a week.

    Example: `gridcase fit run/h1.jsonl --reference deploy/boston --to run/habits.yaml`

    Example: `gridcase fit run/h1.jsonl --reference deploy/boston --check run/h2.jsonl`
    """  # fmt: skip
    from lab.simulate.checking import check as judge
    from lab.simulate.fitting import fit as learn
    from lab.simulate.habits import habits_text
    from lab.simulate.observing import LogError, observe_log

    rules = rules_of(reference)
    try:
        with busy("learning from the log …"):
            past = observe_log(log)
            found = learn(past, rules, log.name, half_life)
            rows = judge(past, observe_log(check), found, rules, seed, at_least) if check else None
    except (LogError, ValueError) as error:
        console.print(f"[red]nothing fitted[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    if to is not None:
        to.write_text(habits_text(found), "utf-8")
    if as_json:
        _print(found, rows)
        return
    _show(found)
    if rows is not None:
        console.print(_checked(rows))
    if to is not None:
        console.print(f"written: {to}", soft_wrap=True)


def _print(habits: Habits, rows: list[Compared] | None) -> None:
    import orjson

    told = habits.model_dump(mode="json", exclude_defaults=True)
    if rows is not None:
        told = {"habits": told, "check": [_data(row) for row in rows]}
    print(orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode())


def _data(row: Compared) -> dict[str, object]:
    periods = {
        "real": row.real,
        "simulated": row.simulated,
        "given": row.given,
        "past": row.past,
        "again": row.again,
    }
    told = {
        name: {"cases": each.cases, "due": each.due, "kept": each.kept}
        for name, each in periods.items()
    }
    differences = {"error": row.error, "handled": row.handled, "own": row.own, "drift": row.drift}
    return {"department": row.department, **told, **differences}


def _checked(rows: list[Compared]) -> Table:
    title = "in time: the later log, and the one fitted from (before), each real and simulated"
    table = Table("department", title=title)
    for name in (
        "due", "real", "simulated", "off by", "given what came", "off by",
        "before", "simulated", "off by", "drift",
    ):  # fmt: skip
        table.add_column(name, justify="right")
    for row in rows:
        later = (f"{row.real.due:,}", _rate(row.real), _rate(row.simulated), _points(row.error))
        given = (_rate(row.given), _points(row.handled))
        before = (_rate(row.past), _rate(row.again), _points(row.own), _points(row.drift))
        table.add_row(row.department, *later, *given, *before)
    return table


def _rate(counts: OnTime) -> str:
    return "" if counts.rate is None else f"{counts.rate:.1%}"


def _points(points: float | None) -> str:
    return "" if points is None else f"{points:+.1f}"


def _show(habits: Habits) -> None:
    origin = habits.origin
    days = f"{origin.first} to {origin.last}"
    console.print(f"{origin.cases:,} cases, {days}, {origin.events:,} events")
    console.print(
        f"{len(habits.arrivals.kinds)} kinds of matter, {len(habits.arrivals.shocks)} shocks on "
        f"{habits.arrivals.shock_days} of {habits.arrivals.days} days"
    )
    for wider, groups in origin.pooled.items():
        console.print(f"{groups} groups too small for habits of their own go by their {wider}")
    table = Table("department", "cases", "half done after", "nine tenths", "never", "at most")
    for row in habits.handling:
        if row.category is None:
            times, unit = row.resolve, "wh" if row.resolve.working else "h"
            half, most = (
                f"{times.hours[n - 1]:,.1f} {unit}" if len(times.hours) >= n else "not yet"
                for n in (50, 90)
            )
            never = f"{1 - len(times.hours) / times.steps:.0%}"
            rates = (e.per_day for e in habits.capacity if e.department == row.department)
            rate = next(rates, None)
            at_most = f"{rate:,.0f} a day" if rate and row.department else ""
            name = row.department or "the county"
            table.add_row(name, f"{row.cases:,}", half, most, never, at_most)
    console.print(table)
