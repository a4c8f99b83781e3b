"""`gridcase doctor`: is everything there that a county needs, and if not, what to do?"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

console = Console(highlight=False)
MARKS = {"well": "[green]✓[/]", "poorly": "[yellow]![/]", "ill": "[red]✗[/]"}


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Look at broker, topics, access, database, rules, calendar, clock and services; change nothing.

    检查 Kafka、主题、权限、数据库、规则、日历、时钟和服务,并说明下一步。

    Exit code 1 if something is ill; what is merely poorly (!) is told and does not count.

    Examples: `gridcase doctor` · `MONGO_URL=mongodb://db:27017 gridcase doctor --json`
    """
    from lab.doctor import examine, lines, worst
    from services.shell.endpoints import http_at, settings_at

    findings = asyncio.run(examine(settings_at(), http_at()))
    health = worst(findings)
    if as_json:
        import orjson

        typer.echo(orjson.dumps({"health": health, "parts": list(lines(findings))}).decode())
    else:
        for finding in findings:
            console.print(
                f"{MARKS[finding.health]} {finding.part:9} {finding.found}", soft_wrap=True
            )
            if finding.next_step:
                console.print(f"            [bold]→ {finding.next_step}[/]", soft_wrap=True)
    raise typer.Exit(1 if health == "ill" else 0)
