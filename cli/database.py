"""`gridcase database`: a role in MongoDB for each service, with the least that it needs."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Rights in the database 数据库权限: a role for each service.", no_args_is_help=True
)


@app.command()
def roles(
    show: bool = typer.Option(False, "--show", help="Print them as JSON, and change nothing."),
    as_json: bool = typer.Option(False, "--json", help="For programs."),
) -> None:
    """Make or renew the roles gridcase-intake, -router, -sla, -rating and -operator.

    MONGO_URL must be of a user who may administer roles. Give each service a user of its own with
    its role alone: `db.createUser({user: "intake", pwd: passwordPrompt(), roles: ["gridcase-intake"]})`.

    Example: `gridcase database roles`
    """
    import orjson

    from services.shell.database_plan import roles as planned
    from services.shell.endpoints import settings_at

    settings = settings_at()
    wanted = planned(settings)
    if show:
        typer.echo(orjson.dumps(wanted, option=orjson.OPT_INDENT_2).decode())
        return
    from pymongo.errors import PyMongoError

    from services.shell.database_admin import apply

    try:
        made = apply(settings, wanted)
    except PyMongoError as error:
        typer.echo(f"not done: {error}", err=True)
        typer.echo("next: MONGO_URL of a user with the role userAdmin on the database", err=True)
        raise typer.Exit(1) from None
    if as_json:
        done = {"database": settings.database, "roles": list(made)}
        typer.echo(orjson.dumps(done, option=orjson.OPT_INDENT_2).decode())
        return
    for name in made:
        typer.echo(f"{name}: ready in {settings.database}")
