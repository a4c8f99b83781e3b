"""`gridcase topics`: the topics of a county, made from the topics table."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

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
) -> None:
    """Make every topic that is missing. What exists is left alone.

    Example: `KAFKA_BOOTSTRAP_SERVERS=broker:9092 gridcase topics create --replication 3`
    """
    from services.shell.provision import make_topics
    from services.shell.reference import read_folder
    from services.shell.settings import Settings

    made = asyncio.run(make_topics(Settings(), read_folder(reference), replication))
    console.print(f"{len(made)} topics made" + (f", {made[0]} …" if made else "; all were there"))
