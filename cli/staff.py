"""`gridcase staff DIR`: how many more hands would it take to be in time?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from cli.compare import day, rules_of
from cli.going_on import busy
from cli.simulate import FIRST_DAY, FitFile, habits_of

if TYPE_CHECKING:
    from lab.simulate.staffing import Need

console = Console(highlight=False)


def staff(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Reference data.", exists=True, file_okay=False)
    ],
    target: Annotated[float, typer.Option(help="Share in time.", min=0.01, max=1.0)] = 0.98,
    fit: FitFile = None,
    first: Annotated[str | None, typer.Option("--from", help="First local day.")] = None,
    days: Annotated[int, typer.Option(help="How many days.", min=1)] = 90,
    seeds: Annotated[int, typer.Option(help="Over so many seeds.", min=1)] = 5,
    seed: Annotated[int, typer.Option(help="The first of them.", min=0)] = 1,
    people: Annotated[int, typer.Option(help="Inhabitants who may report.", min=1)] = 310_000,
    at_least: Annotated[
        int, typer.Option(help="Departments with so many cases that have a limit.", min=1)
    ] = 100,
    jobs: Annotated[int | None, typer.Option(help="So many processes; all cores.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """For a share in time, the least extra capacity of each department, with the least and the
    most over the seeds. Extra hands make a case take so much less time, and the queue move so much
    faster; what is due before anybody could begin, no hands will mend.

    Example: `gridcase staff deploy/boston --fit run/habits.yaml --target 0.9 --from 2015-07-01`
    """
    from lab.replay.running import cores
    from lab.simulate.arrivals import Span
    from lab.simulate.county import Plan
    from lab.simulate.staffing import staff as search

    rules = rules_of(folder)
    habits = habits_of(fit, rules, people)
    span = Span(day(first, "--from") or FIRST_DAY, days)
    plans = [Plan(span, number, people=people) for number in range(seed, seed + seeds)]
    with busy(f"living through {days} days {seeds} times …"):
        needs = search(plans, habits, rules, target, at_least, jobs or cores())
    if as_json:
        import orjson

        told = [_data(need) for need in needs]
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    _show(needs, target, seeds)


def _data(need: Need) -> dict[str, object]:
    least, middle, most = need.extra_interval()
    return {
        "department": need.department,
        "per_day": need.per_day,
        "cases": need.cases,
        "on_time_now": [round(share, 4) for share in need.now],
        "extra": {"least": least, "middle": middle, "most": most, "by_seed": need.extra},
    }


def _show(needs: list[Need], target: float, seeds: int) -> None:
    title = f"to have {target:.0%} in time, over {seeds} seeds"
    table = Table(title=title)
    table.add_column("department", no_wrap=True)
    for name in ("cases", "in time now", "extra capacity", "from", "to"):
        table.add_column(name)
    for need in needs:
        least, middle, most = (_extra(each) for each in need.extra_interval())
        now = sum(need.now) / len(need.now)
        cases = sum(need.cases) / len(need.cases)
        table.add_row(need.department, f"{cases:,.0f}", f"{now:.1%}", middle, least, most)
    console.print(table)
    console.print(
        "Assumed: with a quarter more capacity a case takes 1/1.25 of its time, and the queue moves "
        "1.25 times as fast. First assignments only.",
        soft_wrap=True,
    )


def _extra(extra: float | None) -> str:
    return "not by hands" if extra is None else f"+{extra:.0%}"
