"""`gridcase topics`: the topics of a county, made from the topics table."""

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
