"""`gridcase token`: who may act over HTTP; a token is shown once, and kept as its hash alone."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from services.shell.access import NAME, Role

app = typer.Typer(
    help="Tokens for people and systems that act over HTTP 令牌: make one, or hash one that exists.",
    no_args_is_help=True,
)
Name = Annotated[
    str, typer.Option(help="Whom it speaks for: a person, a team, or the source of reports.")
]
RoleOf = Annotated[
    Role, typer.Option(help="triage: decide · supervise: look · operate: erase · reports: send.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def new(role: RoleOf, name: Name, as_json: AsJson = False) -> None:
    """Make a token, show it once, and print the line for GRIDCASE_TOKENS or GRIDCASE_TOKENS_FILE.

    Example: `gridcase token new --role triage --name li`
    """
    from services.shell.access import new_token

    _show(role, name, new_token(), as_json, made=True)


@app.command("hash")
def hash_(role: RoleOf, name: Name, as_json: AsJson = False) -> None:
    """Print the line for a token or API key that exists already; it is read from standard input.

    Example: `gridcase token hash --role reports --name my-app < key.txt`
    """
    from services.shell.access import SHORTEST

    token = sys.stdin.read().strip()
    if len(token) < SHORTEST:
        raise typer.BadParameter(f"a token has {SHORTEST} characters or more: pipe it in")
    _show(role, name, token, as_json, made=False)


def _show(role: Role, name: str, token: str, as_json: bool, *, made: bool) -> None:
    from services.shell.access import line_of

    if not NAME.fullmatch(name):
        raise typer.BadParameter(
            "1 to 128 characters, none of them a space, comma or colon", param_hint="--name"
        )
    line = line_of(role, name, token)
    if as_json:
        import orjson

        said = {"role": role, "name": name, "line": line} | ({"token": token} if made else {})
        typer.echo(orjson.dumps(said).decode())
        return
    if made:
        typer.echo(f"token  {token}")
        typer.echo(
            "       shown this once: give it to its holder, who sets GRIDCASE_TOKEN", err=True
        )
    typer.echo(f"line   {line}")
    if made:
        typer.echo("       add it to GRIDCASE_TOKENS (or a line of GRIDCASE_TOKENS_FILE)", err=True)
