"""`gridcase up`: everything on this machine, in front until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

console = Console(highlight=False)
PAGES = {
    "intake": "reports come in here: POST /reports; the contract at /asyncapi",
    "router": "what waits for a person: /triage",
    "sla": "running deadlines: /timers",
    "rating": "the public page 公示",
}


def up(
    reference: Annotated[
        Path, typer.Option(help="Folder with the county's reference data.", exists=True)
    ] = Path("deploy/hanyin"),
    clock: Annotated[
        str,
        typer.Option(help="`wall`: the machine's time. `stream`: time comes by `gridcase tick`."),
    ] = "wall",
    data: Annotated[Path, typer.Option(help="Where broker, database and logs live.")] = Path("run"),
    fixed_ports: Annotated[
        bool,
        typer.Option(help="Serve on 8001 to 8004, Kafka on 9092 if free; otherwise on free ports."),
    ] = True,
) -> None:
    """Start broker, database and the four services; publish the rules; stay until Ctrl-C.

    KAFKA_BOOTSTRAP_SERVERS and MONGO_URL name existing ones; else it brings its own: a real Kafka
    where Java 17 and Maven are present, otherwise a mock cluster in memory, and it says so.

    Example: `gridcase up --reference deploy/hanyin --clock wall`
    """
    if clock not in ("wall", "stream"):
        raise typer.BadParameter("it is `wall` or `stream`", param_hint="--clock")
    asyncio.run(_up(reference, "stream" if clock == "stream" else "wall", data, fixed_ports))


async def _up(
    reference: Path, clock: Literal["wall", "stream"], data: Path, fixed_ports: bool
) -> None:
    from lab.supervisor import Options, Platform
    from services.shell.reference import read_folder

    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    options = Options(
        read_folder(reference), data, clock, fixed_ports=fixed_ports, say=console.print
    )
    async with Platform(options) as platform:
        console.print(f"[bold green]ready[/] · Kafka {platform.settings.kafka} ({platform.kind})")
        for name, address in platform.http.items():
            console.print(f"  {name:8} {address}  [dim]{PAGES[name]}[/]")
        console.print(f"  endpoints in {data / 'endpoints.json'} · Ctrl-C stops")
        console.print(
            "next, in another terminal: [bold]gridcase doctor[/], [bold]gridcase watch[/]"
        )
        await stop.wait()
        console.print("stopping …")
