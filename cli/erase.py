"""`gridcase erase CASE`: destroy the key of a case's contacts, for good."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from cli.as_json import AsJson, print_json

if TYPE_CHECKING:
    from schemas.envelope import Message
    from services.shell.settings import Settings

console = Console(highlight=False)


def erase(
    id: Annotated[
        str, typer.Argument(metavar="ID", help="The case id, or the report's SOURCE/REPORT_ID.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    log: Annotated[bool, typer.Option("--log", help="Only show who opened the contacts.")] = False,
    by: Annotated[
        str | None, typer.Option(help="Who erases; else GRIDCASE_OFFICER, else your login.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Destroy the keys under which the contacts of a case are sealed, those of joined reports too.

    Whatever was sealed is lost in every copy of the log. What stands in the clear on
    `reports.submitted` ends with its 7 days and on `assignments.*` with its 30; backups and the
    database's own log hold the old keys until they roll over. Who erased is on record (`--log`).

    With GRIDCASE_TOKEN (a token of the role `operate`) it asks intake; without, it goes to the
    database itself.

    Example: `gridcase erase hotline-12345/hl-0701-003 --yes`
    """
    from lab.story.case_log import case_of
    from services.shell.endpoints import bearer, who

    case = case_of(id)
    if log:
        entries = asyncio.run(_opened(case))
        print_json(entries) if as_json else _show_log(entries)
        return
    if not yes:
        typer.confirm(f"Destroy the contacts of case {case} for good?", abort=True)
    destroyed, asked = asyncio.run(_by_http(case) if bearer() else _erase(case, by or who()))
    if as_json:
        print_json({"case": case, "destroyed": destroyed, "looked_for": asked})
        return
    console.print(f"{destroyed} of {asked} keys destroyed; tombstones stay")
    console.print("in the clear until they expire: reports.submitted 7 days, assignments.* 30 days")
    if not destroyed:
        console.print("none had a key: no contact was sealed, or it was erased before")


async def _by_http(case: str) -> tuple[int, int]:
    """The same, asked of intake. Whose token it is says who erases."""
    import httpx

    from services.shell.endpoints import bearer, http_at, words_of

    intake = http_at()["intake"]
    try:
        async with httpx.AsyncClient(base_url=intake, timeout=30, headers=bearer()) as client:
            answer = await client.post("/erase", json={"case_id": case})
    except httpx.HTTPError as error:
        raise typer.BadParameter(f"intake at {intake} does not answer: {error}") from error
    if answer.status_code != httpx.codes.OK:
        raise typer.BadParameter(f"not erased: {words_of(answer)}")
    said = answer.json()
    return said["destroyed"], said["of"]


async def _erase(case: str, by: str) -> tuple[int, int]:
    """How many keys were destroyed, of how many sealed contacts that were looked for."""
    from schemas.events import Joining, ReportAdded
    from services.shell.snapshots import connect
    from services.shell.vault import Vault

    settings, events = await _events(case)
    ids = dict.fromkeys([case])
    for event in events:
        match event.data:
            case ReportAdded(case=str(joined)):
                ids[joined] = None
            case Joining():
                ids[event.subject] = None
    database = connect(settings.mongo, settings.database)
    vault = Vault(database, "gridcase erase")
    done = [await vault.erase(identity, by) for identity in ids]
    await database.client.close()
    return sum(done), len(done)


async def _events(case: str) -> tuple[Settings, list[Message[Any]]]:
    from lab.story.case_log import from_broker
    from services.shell.endpoints import settings_at

    settings = settings_at()
    return settings, (await from_broker(settings, case, None)).events


async def _opened(case: str) -> list[dict[str, object]]:
    from services.shell.endpoints import settings_at
    from services.shell.snapshots import connect
    from services.shell.vault import Vault

    settings = settings_at()
    database = connect(settings.mongo, settings.database)
    entries = await Vault(database).log(case)
    await database.client.close()
    return entries


def _show_log(entries: list[dict[str, object]]) -> None:
    for entry in entries:
        console.print(f"{entry['at']:%Y-%m-%d %H:%M:%S}  {entry['who']}  {entry['what']}")
    if not entries:
        console.print("nobody opened the contacts of this case")
