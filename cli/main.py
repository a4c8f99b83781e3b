"""The `gridcase` command: one module a command, in the order in which one meets them."""

from __future__ import annotations

import logging

import typer

from cli import (
    backup,
    case,
    classifier,
    compare,
    database,
    dead,
    demo,
    department,
    doctor,
    erase,
    fit,
    importing,
    log,
    mediation,
    policy,
    rating,
    rebuild,
    reference,
    replay,
    route,
    serve,
    simulate,
    sla,
    staff,
    tick,
    token,
    topics,
    triage,
    up,
    watch,
    whatif,
)
from cli.troubles import Telling

app = typer.Typer(
    name="gridcase",
    cls=Telling,
    help="Routes what residents and grid workers report, and holds every case to its deadline.\n\n"
    "群众诉求与网格上报:受理、分派、督办、评价。",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,  # locals may hold personal data
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("serve")(serve.serve)
app.command("doctor")(doctor.doctor)
app.add_typer(topics.app, name="topics")
app.add_typer(reference.app, name="reference")
app.command("route")(route.route)
app.command("import")(importing.import_)
app.command("compare")(compare.compare)
app.command("replay")(replay.replay)
app.command("whatif")(whatif.whatif)
app.add_typer(policy.app, name="policy")
app.command("watch")(watch.watch)
app.command("case")(case.case)
app.add_typer(triage.app, name="triage")
app.command("department")(department.department)
app.add_typer(classifier.app, name="classifier")
app.add_typer(log.app, name="log")
app.command("mediation")(mediation.mediation)
app.add_typer(dead.app, name="dead")
app.add_typer(database.app, name="database")
app.add_typer(sla.app, name="sla")
app.add_typer(rating.app, name="rating")
app.command("fit")(fit.fit)
app.command("simulate")(simulate.simulate)
app.command("staff")(staff.staff)
app.command("rebuild")(rebuild.rebuild)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
app.command("erase")(erase.erase)
app.command("tick")(tick.tick)
app.add_typer(token.app, name="token")


def main() -> None:
    # It warns of retries, and what it cannot do it raises as well: `cli.troubles` tells that once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    app()


if __name__ == "__main__":
    main()
