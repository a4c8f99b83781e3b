"""`gridcase rating`: corrections of what was published, the visits' worklist, and the proof."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.as_json import AsJson, print_json
from cli.going_on import busy
from cli.troubles import fail

app = typer.Typer(
    help="Published figures: verify, correct, visits, rehearse.", no_args_is_help=True
)
console = Console(highlight=False)


@app.callback()
def _rating() -> None:
    """Work with what was published, and with what is to be asked again."""


@app.command()
def verify(
    as_json: AsJson = False,
) -> None:
    """Make every published edition again from the log, and compare it to the byte.

    Example: `gridcase rating verify`
    """
    from lab.reaching import reach
    from lab.verify_scorecards import verify as verified
    from services.shell.endpoints import settings_at
    from services.shell.reference_feed import ReferenceFeed

    async def run() -> list[Any]:
        settings = settings_at()
        await reach(settings)
        feed = ReferenceFeed(settings)
        reading = asyncio.create_task(feed.run())
        await feed.ready()
        try:
            return await verified(settings, feed)
        finally:
            reading.cancel()

    with busy("reading the log …"):
        found = asyncio.run(run())
    if as_json:
        rows = [
            {"edition": v.edition.id, "cards": v.cards, "different": v.different} for v in found
        ]
        print_json(rows)
    else:
        for each in found:
            said = f"{len(each.different)} differ" if each.different else "equal to the byte"
            console.print(f"{each.edition.id}: {each.cards} cards, {said}")
        if not found:
            console.print("nothing has been published yet")
    if any(each.different for each in found):
        raise typer.Exit(1)


@app.command()
def correct(
    period: Annotated[str, typer.Argument(help="A published month, 2022-07.")],
    reason: Annotated[str, typer.Option(help="Why; it is published with the new version.")],
    as_json: AsJson = False,
) -> None:
    """Publish another version of a month, by what is known now. The earlier ones stay.

    Example: `gridcase rating correct 2022-07 --reason "迟报的回访结果"`
    """
    from services.rating.periods import parse
    from services.shell.endpoints import settings_at
    from services.shell.snapshots import connect

    try:
        parse(period)
    except ValueError as error:
        fail(str(error), "write a month as 2022-07")

    async def run() -> dict[str, Any] | None:
        settings = settings_at()
        wishes = connect(settings.mongo, settings.database)["rating_corrections"]
        made = await wishes.insert_one({"period": period, "reason": reason})
        for _ in range(300):
            wish = await wishes.find_one({"_id": made.inserted_id})
            if wish is not None and "edition" in wish:
                return wish
            await asyncio.sleep(0.2)
        return None

    with busy("asking …"):
        wish = asyncio.run(run())
    if wish is None:
        fail(
            "asked for, and not answered within a minute: no rating service is up, or it is busy",
            "`gridcase doctor` shows whether it is; what was asked is done once it is up",
        )
    if wish["edition"] is None:
        fail(wish["refusal"], "the months that were published: /api/periods of the public page")
    if as_json:
        print_json({"published": wish["edition"]})
    else:
        console.print(f"published: {wish['edition']}")


@app.command()
def visits(
    period: Annotated[str, typer.Argument(help="A month, 2022-07.")],
    as_json: AsJson = False,
) -> None:
    """Write the worklist of a month's return visits as CSV, from the topic `visits.requested`.

    Example: `gridcase rating visits 2022-07 > visits.csv`
    """
    import csv

    from lab.reaching import reach
    from schemas import envelope
    from schemas.topics import VISITS_REQUESTED
    from services.shell.consuming import read_to_end
    from services.shell.endpoints import settings_at

    async def run() -> dict[str, dict[str, Any]]:
        settings, found = settings_at(), {}
        await reach(settings, VISITS_REQUESTED.name)
        async for record in read_to_end(settings, settings.topic(VISITS_REQUESTED.name)):
            told = envelope.parse(record.value)["data"]
            if told["period"] == period:
                found[told["case_id"]] = told
        return found

    found = list(asyncio.run(run()).values())
    if as_json:
        print_json(found)
        return
    rows = csv.writer(sys.stdout, lineterminator="\n")
    columns = ("period", "department", "drawn", "stratum", "case_id", "resolved_at")
    rows.writerow(columns)
    rows.writerows([told[name] for name in columns] for told in found)


@app.command()
def rehearse(
    to: Annotated[Path, typer.Argument(help="File to write, one event a line.")],
    disputes: Annotated[
        bool, typer.Option(help="July, and the disputes of January to August as well.")
    ] = False,
    reference: Annotated[
        Path, typer.Option(help="The county's reference data.", exists=True)
    ] = Path("deploy/hanyin"),
    as_json: AsJson = False,
) -> None:
    """Play the demo month in this process, without a broker, and write its log: some seconds.

    Example: `gridcase rating rehearse july.jsonl`
    """
    from lab.demo.rehearsals import rehearsed
    from schemas import envelope
    from services.shell.reference import read_folder

    log, shown = rehearsed(read_folder(reference), disputes=disputes)
    with to.open("wb") as file:
        for event in log:
            file.write(envelope.write(event) + b"\n")
    if as_json:
        print_json({"events": len(log), "file": str(to), "shown": list(shown)})
        return
    console.print(f"{len(log):,} events in {to}")
    for line in shown:
        console.print(line)
