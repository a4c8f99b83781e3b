"""`gridcase replay LOG`: the whole of a log again, in one process, and what it promises."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.going_on import busy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.replay.replaying import Replayed
    from schemas.reference import Reference

console = Console(highlight=False)


def replay(
    log: Annotated[str, typer.Argument(help="JSONL, plain or .gz; `-` is standard input.")],
    until: Annotated[
        str | None, typer.Option(help="As it was then: RFC 3339 with its zone, or a day (UTC).")
    ] = None,
    case: Annotated[
        str | None, typer.Option(help="Show this case: its id, or SOURCE/REPORT_ID.")
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="Show the scorecards of 2022-07, 2022-Q3 or 2022.")
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Check every promise; name the first event that breaks one."),
    ] = False,
    reference: Annotated[
        list[Path] | None,
        typer.Option(help="Folder with rules: for `--table`, and to decide again with `--verify`."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="Compare with what this platform stored: its folder, running or not."),
    ] = None,
    digest: Annotated[
        bool, typer.Option("--digest", help="One digest for each service's documents.")
    ] = False,
    jobs: Annotated[int | None, typer.Option(help="So many processes; all cores.", min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program.")] = False,
) -> None:
    """Fold a log by all four services, without Kafka and without a database.

    Examples: `gridcase replay run/demo/log.jsonl` · `gridcase replay run/demo/log.jsonl --against
    run/demo` · `gridcase replay log.jsonl --verify --reference deploy/hanyin` · `gridcase replay
    log.jsonl --until 2022-07-15 --case wechat-321/wx-0701-001` · `gridcase replay log.jsonl --until
    2022-07-15 --table 2022-07 --reference deploy/hanyin`
    """
    from lab.replay.reading import NoLog, log_file
    from lab.replay.replaying import Asked
    from lab.replay.replaying import replay as fold
    from lab.replay.running import cores
    from lab.story.case_log import case_of

    moment = moment_of(until, "--until") if until else None
    if table is not None and not reference:
        raise typer.BadParameter(
            "`--table` needs the rules: name their folder", param_hint="--reference"
        )
    asked = Asked(
        until=moment,
        case=case_of(case) if case else None,
        documents=digest or against is not None,
        facts=table is not None,
    )
    rules = [_rules(folder) for folder in reference or ()]
    with _told(NoLog), log_file(log) as path:
        if verify:
            _verify(path, rules, jobs or cores(), as_json=as_json)
            return
        started = monotonic()
        with busy("reading the log …"):
            found = fold(path, asked, jobs or cores())
    told = _summary(found, monotonic() - started)
    if digest:
        told["digests"] = _digests(found)
    if case is not None:
        told["case"] = _case(found)
    holds = True
    if against is not None:
        told["against"], holds = _against(found, against)
    if table is not None:
        told["table"] = _table(found, rules[-1], table, moment)
    _show(told, as_json=as_json)
    if not holds:
        raise typer.Exit(1)


@contextmanager
def _told(*errors: type[Exception]) -> Iterator[None]:
    try:
        yield
    except errors as error:
        console.print(f"[red]not replayed[/]: {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None


def moment_of(text: str, option: str) -> datetime:
    """A moment or a day as somebody typed it."""
    from schemas.envelope import in_utc

    try:
        return in_utc(datetime.fromisoformat(f"{text}T00:00:00Z" if len(text) == 10 else text))
    except ValueError as error:
        raise typer.BadParameter(
            f"{error}; write 2022-07-15T08:00:00+08:00", param_hint=option
        ) from error


def _rules(folder: Path) -> Reference:
    from services.shell.reference import read_folder

    try:
        return read_folder(folder)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{folder}: {error}", param_hint="--reference") from error


# ── what came out ────────────────────────────────────────────────────────────────────────────


def _summary(found: Replayed, seconds: float) -> dict[str, Any]:
    return {
        "events": found.events,
        "cases": found.cases,
        **{name: found.tally[name] for name in ("copies", "voids", "unreadable", "broke")},
        "without_key": found.lost,
        "last": found.last.isoformat() if found.last else None,
        "seconds": round(seconds, 2),
        "events_a_cpu_second": round(found.events / found.cpu) if found.cpu else None,
    }


def _digests(found: Replayed) -> dict[str, str]:
    from lab.replay.documents import digest_of

    return {
        service: digest_of(made.digest for made in documents.values())
        for service, documents in found.documents.items()
    }


def _case(found: Replayed) -> dict[str, Any]:
    """What each service knows of it, as it is stored."""
    from lab.replay.documents import STATES

    if found.case is None:
        console.print("[red]not found[/]: the log knows no such case by then")
        raise typer.Exit(1)
    return {service: states.write(found.case.state(service)) for service, states in STATES.items()}


def _against(found: Replayed, folder: Path) -> tuple[dict[str, Any], bool]:
    from lab.replay.documents import compare_all, stored_at

    with stored_at(folder) as database:
        compared = compare_all(database, found.documents, found.events)
    told = {
        service: {
            "equal": each.equal,
            "of": each.cases,
            "behind": each.behind,
            "different": each.different,
            "missing": each.missing,
            "not_on_the_log": each.unexplained,
        }
        for service, each in compared.items()
    }
    return told, all(each.holds for each in compared.values())


def _table(
    found: Replayed, reference: Reference, period: str, until: datetime | None
) -> list[dict[str, Any]]:
    from schemas.rulebook import Rulebook
    from services.rating.scorecards import scorecards

    now = until or found.last
    assert now is not None, "a log that was read has a last event"
    try:
        cards = scorecards(found.facts, Rulebook(reference), period, now)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--table") from error
    return [card.model_dump(mode="json") for card in cards if card.counts["accepted"]]


def _show(told: dict[str, Any], *, as_json: bool) -> None:
    import orjson

    if as_json:
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
        return
    console.print(
        f"{told['events']:,} events, {told['cases']:,} cases until {told['last']} · "
        f"{told['copies']} copies, {told['voids']} void, {told['unreadable']} unreadable · "
        f"{told['seconds']} s, {told['events_a_cpu_second']:,} events a CPU second"
    )
    for service, value in told.get("digests", {}).items():
        console.print(f"{service:7} {value}")
    for service, each in told.get("against", {}).items():
        others = ("behind", "different", "missing", "not_on_the_log")
        rest = ", ".join(f"{_number(each[name])} {name.replace('_', ' ')}" for name in others)
        console.print(f"{service:7} {each['equal']:,} of {each['of']:,} documents equal; {rest}")
    if "case" in told:
        console.print_json(orjson.dumps(told["case"]).decode())
    if "table" in told:
        console.print(_cards(told["table"]))


def _number(value: Any) -> int:
    return value if isinstance(value, int) else len(value)


def _cards(cards: list[dict[str, Any]]) -> Table:
    rates = ("completion", "on_time", "satisfaction")
    table = Table(header_style="bold")
    for column in (
        "",
        "unit 单位",
        "accepted 受理",
        "completed 办结",
        "overdue 超期",
        *rates,
        "rank 名次",
    ):
        table.add_column(column, justify="left" if column in ("", "unit 单位") else "right")
    for card in cards:
        shares = (
            f"{card['rates'][r]['numerator']}/{card['rates'][r]['denominator']}" for r in rates
        )
        counts = (str(card["counts"][name]) for name in ("accepted", "completed", "overdue"))
        table.add_row(card["scope"], card["name"], *counts, *shares, str(card["rank"] or "–"))
    return table


# ── promises ─────────────────────────────────────────────────────────────────────────────────


def _verify(path: Path, references: list[Reference], jobs: int, *, as_json: bool) -> None:
    import orjson

    from lab.replay.verifying import verify
    from schemas.rulebook import Rulebooks

    with busy("holding the log to its promises …"):
        found = verify(path, Rulebooks(references) if references else None, jobs)
    if as_json:
        told = {
            "events": found.events,
            "cases": found.cases,
            "holds": found.holds,
            "broken": dict(found.broken),
            "first": found.shown,
        }
        print(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        again = "" if references else " (`--reference` decides it again besides)"
        console.print(f"{found.events:,} events of {found.cases:,} cases{again}")
        for promise, number in found.broken.most_common():
            console.print(f"[red]broken[/] {number:,} ×: {promise}")
        for each in found.shown:
            console.print(f"  {escape(str(each))}", soft_wrap=True)
        if found.holds:
            console.print("[green]every promise holds[/]")
    if not found.holds:
        raise typer.Exit(1)
