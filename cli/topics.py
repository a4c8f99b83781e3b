"""`gridcase topics`: the topics of a county, made from the topics table, and moved to more
partitions."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.as_json import AsJson, print_json

app = typer.Typer(help="Make the topics of the contract.", no_args_is_help=True)
console = Console(highlight=False)


@app.callback()
def _topics() -> None:
    """Make the topics of the contract."""


@app.command()
def create(
    reference: Annotated[
        Path, typer.Option(help="Whose departments get their topics.", exists=True)
    ] = Path("deploy/hanyin"),
    replication: Annotated[int, typer.Option(help="Copies of each partition.", min=1)] = 1,
    as_json: AsJson = False,
) -> None:
    """Make every topic that is missing. What exists is left alone.

    Example: `KAFKA_BOOTSTRAP_SERVERS=broker:9092 gridcase topics create --replication 3`
    """
    from services.shell.endpoints import settings_at
    from services.shell.provision import make_topics
    from services.shell.reference import read_folder

    made = asyncio.run(make_topics(settings_at(), read_folder(reference), replication))
    if as_json:
        print_json({"made": made})
        return
    console.print(f"{len(made)} topics made" + (f", {made[0]} …" if made else "; all were there"))


@app.command()
def acl(
    reference: Annotated[
        Path, typer.Option(help="Whose departments get their rights.", exists=True)
    ] = Path("deploy/hanyin"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Grant each service, department and party what the topics table says, and nothing else.

    Makes the ACLs that are missing and takes back those that are none any more. A department
    logs in as `department-CODE`, a service as `gridcase-SERVICE`; GRIDCASE_PREFIX goes before both.

    Example: `GRIDCASE_KAFKA_SECURITY_PROTOCOL=SASL_SSL gridcase topics acl --reference deploy/hanyin`
    """
    from lab.reaching import reach
    from schemas.topics import REFERENCE
    from services.shell.acl_admin import Applied, apply
    from services.shell.acl_plan import grants
    from services.shell.endpoints import settings_at
    from services.shell.reference import read_folder

    settings = settings_at()
    codes = [unit.code for unit in read_folder(reference).departments if unit.heir is None]
    wanted = grants(settings, codes)
    if dry_run:
        done = Applied(wanted, [])
    else:
        asyncio.run(reach(settings, REFERENCE.name))
        done = apply(settings, wanted)
    if as_json:
        said = {
            "wanted": len(wanted),
            **{k: [g._asdict() for g in v] for k, v in done._asdict().items()},
        }
        print_json(said)
        return
    if dry_run:
        for grant in wanted:
            name = grant.name + ("…" if grant.prefixed else "")
            console.print(f"{grant.principal}  {grant.operation}  {grant.resource} {name}")
    console.print(
        f"{len(wanted)} grants; "
        + (
            "nothing done"
            if dry_run
            else f"{len(done.made)} made, {len(done.taken_back)} taken back"
        )
    )


@app.command()
def move(
    partitions: Annotated[int, typer.Option(help="How many the log is to have.", min=2, max=1000)],
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Open the old log again after an interruption.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Move the log and the commands to more partitions, while all services are stopped.

    Copies every record by its key to topics of their own, compares, and makes the stored documents
    anew. Doors, departments and sources notice nothing. Afterwards everything that is gridcase's is
    started with GRIDCASE_PARTITIONS; the old topics stay until somebody deletes them. Interrupted,
    it is run again.

    Example: `gridcase topics move --partitions 24`
    """
    from dataclasses import asdict

    import orjson

    from lab.moving.carrying import NoTrueCopyError
    from lab.moving.recipe import move as moving
    from lab.moving.recipe import reopen
    from lab.moving.standing import NotMovedError
    from services.shell.endpoints import settings_at

    def say(line: str) -> None:
        if not as_json:
            console.print(line)

    settings = settings_at()
    try:
        if give_up:
            asyncio.run(reopen(settings))
            say("the old log is the log, and open again")
            return
        done = asyncio.run(moving(settings, partitions, say))
    except (NotMovedError, NoTrueCopyError) as error:
        console.print(f"[red]not moved[/]: {error}", soft_wrap=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(orjson.dumps(asdict(done), option=orjson.OPT_INDENT_2).decode())
        return
    console.print(
        f"{sum(done.copied.values())} records moved, {sum(done.cases.values())} documents made anew.\n"
        f"Now: GRIDCASE_PARTITIONS={partitions} for every service and command, `gridcase topics acl` "
        "where there are ACLs, then start the services.",
        soft_wrap=True,
    )
    if done.left:
        console.print(f"When all is well, delete {', '.join(done.left)}.", soft_wrap=True)
