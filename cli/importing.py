"""`gridcase import FILE`: what another system has recorded, lived through again in stream time.

FILE ──mapping──► reports ──driver──► the four services ──► an account of every row
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cli.as_json import AsJson, print_json
from cli.going_on import busy

if TYPE_CHECKING:
    from lab.account import Account
    from lab.compare import Period
    from lab.driver import Driver
    from lab.importing import Accepted, ImportParties, Outcome
    from lab.mapping import Mapping
    from services.shell.settings import Settings

console = Console(highlight=False)
aside = Console(highlight=False, stderr=True)
NEVER = timedelta(days=400)
"""Nobody reacts to what time brings about: all has happened, when the export says."""
AFTERWARDS = timedelta(days=1)
"""How long time goes on after the file's last moment, unless told otherwise."""
WALL = timedelta(hours=1)
"""A platform whose clock is this close to the machine's goes by the machine's."""


def import_(
    file: Annotated[Path, typer.Argument(help="CSV, plain or .gz.", exists=True, dir_okay=False)],
    mapping: Annotated[Path, typer.Option(help="How its columns become reports.", exists=True)],
    limit: Annotated[int | None, typer.Option(help="Only the first so many rows.", min=1)] = None,
    until: Annotated[
        str | None, typer.Option(help="RFC 3339, with its zone. Later reports are not sent.")
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(help="Write the log here, made in process: no platform. `.gz` is packed."),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option(help="With `--log`: folder with the rules.", exists=True)
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(help="With `--log`: so many processes; all cores.", min=1)
    ] = None,
    quiet_progress: Annotated[bool, typer.Option(help="No progress bar.")] = False,
    from_: Annotated[
        str | None, typer.Option("--from", help="Reports from this local day on: 2015-07-01.")
    ] = None,
    data: Annotated[Path, typer.Option(help="The platform's folder, as of `up --data`.")] = Path(
        "run"
    ),
    as_json: AsJson = False,
) -> None:
    """Send an export's rows to a fresh platform in stream time, resolve each case when the export
    says that it was, and account for every row. With `--log` no platform is needed: the log is made
    in process, some thousand cases a second and core.

    Examples: `gridcase import requests.csv.gz --mapping lab/mappings/boston311.yaml --limit 1000` ·
    `gridcase import requests.csv.gz --mapping lab/mappings/boston311.yaml --reference deploy/boston
    --log boston.jsonl.gz`
    """
    from cli.compare import day
    from lab.compare import Period
    from lab.mapping import CannotImport, read_mapping

    end, period = _moment(until) if until else None, Period(day(from_, "--from"))
    try:
        rules = read_mapping(mapping)
        account, rows = _read(file, rules, limit, period)
        end = end or _last_moment(rows) + AFTERWARDS
        sent = [row for row in rows if row.report.submitted_at <= end]
        account.sent, account.late = len(sent), len(rows) - len(sent)
        if log is not None:
            _make_log(sent, reference, end, log, account, jobs)
        elif sent:
            zone = ZoneInfo(rules.times.zone)
            asyncio.run(_run(sent, data, end, zone, account, quiet_progress))
    except (CannotImport, NotRunning) as error:
        aside.print(f"[red]not imported[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    if as_json:
        print_json(account.as_data())
    else:
        console.print(_table(account, file))
    if not account.balances:
        aside.print("[red]the account does not balance[/]: some rows came to neither end")
    if account.stopped or not account.balances:
        raise typer.Exit(1)


def _make_log(
    rows: list[Accepted],
    reference: Path | None,
    until: datetime,
    to: Path,
    account: Account,
    jobs: int | None,
) -> None:
    from lab.import_log import write_log
    from lab.replay.running import cores
    from services.shell.reference import read_folder

    if reference is None:
        raise typer.BadParameter(
            "`--log` decides by rules: name their folder", param_hint="--reference"
        )
    started = monotonic()
    rules = read_folder(reference)
    with busy("living through each case …"):
        events = write_log(rows, rules, until, to, account, jobs or cores())
    account.seconds = monotonic() - started
    aside.print(f"{events:,} events in {to}")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write 2015-12-31T17:00:00-05:00") from error
    if moment.tzinfo is None:
        raise typer.BadParameter("the time has no zone: add -05:00 or Z", param_hint="--until")
    return moment


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def _read(
    file: Path, rules: Mapping, limit: int | None, period: Period
) -> tuple[Account, list[Accepted]]:
    from lab.account import Account
    from lab.importing import read_export

    account, zone = Account(rules.source), ZoneInfo(rules.times.zone)
    outcomes = islice((o for o in read_export(file, rules) if _within(o, period, zone)), limit)
    return account, [row for row in map(account.row, outcomes) if row]


def _within(outcome: Outcome, period: Period, zone: ZoneInfo) -> bool:
    """A row that the mapping rejects is within every period: it has to be accounted for."""
    from lab.importing import Rejected

    if isinstance(outcome, Rejected):
        return True
    return period.holds(outcome.report.submitted_at.astimezone(zone).date())


def _table(account: Account, file: Path) -> Table:
    table = Table(title=f"{file.name} as {account.source}", show_header=False, title_justify="left")
    table.add_column(overflow="fold")
    table.add_column(justify="right")
    for words, count in account.lines():
        table.add_row(escape(words), f"{count:,}")
    return table


def _last_moment(rows: list[Accepted]) -> datetime:
    ends = [row.resolution.at for row in rows if row.resolution]
    return max([*ends, *(row.report.submitted_at for row in rows)], default=datetime.now(UTC))


# ── the platform ─────────────────────────────────────────────────────────────────────────────


class NotRunning(RuntimeError):  # noqa: N818 - it names the platform's state
    """There is no platform to import into; the text says what to do next."""


async def _run(
    rows: list[Accepted],
    data: Path,
    until: datetime,
    zone: ZoneInfo,
    account: Account,
    quiet: bool,
) -> None:
    from lab import inputs
    from lab.driver import Driver, NotQuiet
    from lab.importing import ImportParties
    from services.shell.endpoints import http_at, settings_at

    endpoints = data / "endpoints.json"
    settings, http = settings_at(endpoints), http_at(endpoints)
    await fresh(http, min(row.report.submitted_at for row in rows))
    parties = ImportParties(rows)
    started = asyncio.get_running_loop().time()
    async with Driver(
        settings, http, parties, on_event=account.see, react_after=NEVER, zone=zone
    ) as driver:
        driver.add(inputs.report(row.report) for row in rows)
        with _watched(driver, parties, account, quiet):
            try:
                await driver.run(until)
            except NotQuiet as error:
                account.stopped = True
                aside.print(f"[red]stopped[/]: {escape(str(error))}", soft_wrap=True)
    account.seconds = asyncio.get_running_loop().time() - started
    account.refused = await _refused(settings, rows, account)


async def fresh(http: dict[str, str], first: datetime) -> None:
    """A platform that answers, in stream time, whose time has not passed the first report's."""
    import httpx

    start = "start one with `gridcase up --clock stream --reference FOLDER`"
    async with httpx.AsyncClient(timeout=30) as client:
        for name, address in http.items():
            try:
                said = (await client.get(f"{address}/quiet")).raise_for_status().json()["clock"]
            except (httpx.HTTPError, ValueError, KeyError):
                raise NotRunning(f"no {name} answers at {address}: {start}") from None
            clock = datetime.fromisoformat(said) if said else first
            if abs(datetime.now(UTC) - clock) < WALL:
                raise NotRunning(f"{name} goes by the machine's clock: {start}")
            if clock > first:
                raise NotRunning(f"time there has come to {clock}, after the first report: {start}")


@contextmanager
def _watched(
    driver: Driver, parties: ImportParties, account: Account, quiet: bool
) -> Iterator[None]:
    """A bar for reports and endings, with the date that it is for the services."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=aside, disable=quiet) as progress:
        total = account.sent + parties.waiting
        task = progress.add_task("", total=total)

        async def watch() -> None:
            while True:
                opened, resolved = len(account.opened), len(account.resolved)
                day = f"{driver.now:%Y-%m-%d}" if driver.now else "before the first day"
                words = f"{day} · {opened:,} cases opened · {resolved:,} resolved"
                progress.update(task, description=words, completed=opened + resolved)
                await asyncio.sleep(0.5)

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()


async def _refused(settings: Settings, rows: list[Accepted], account: Account) -> dict[str, str]:
    """Why intake rejected those of the rows that became no case."""
    from schemas import envelope
    from schemas.outputs import ReportRejected
    from schemas.topics import REPORTS_REJECTED
    from services.shell.consuming import read_to_end

    missing = {row.report.report_id for row in rows} - account.opened
    found: dict[str, str] = {}
    async for record in read_to_end(settings, settings.topic(REPORTS_REJECTED.name)):
        said = envelope.read(record.value, {ReportRejected.TYPE: ReportRejected}).data
        if said.source == account.source and said.report_id in missing:
            found[said.report_id] = said.reason
    return found
