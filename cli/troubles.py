"""What may end any command: no broker, no database, rules or a log that cannot be read.

    exception ──► error, one line ──► next, one line ──► exit code 1

The rule to remember: **what a person can mend is told in words, with the next step.** A traceback is
left to what only a developer can mend. Classes stand by name, so that `--help` loads no driver.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

START = (
    "start a platform by `gridcase up`, run this where its run/ is, or name one: "
    "KAFKA_BOOTSTRAP_SERVERS=host:9092"
)
DATABASE = "start a platform by `gridcase up`, or name a database: MONGO_URL=mongodb://host:27017"
TOPIC = (
    "look at the code again (departments.csv), and at GRIDCASE_PREFIX; `gridcase topics create "
    "--reference DIR` makes what is missing"
)
ALONE = "another `--data` folder starts afresh; KAFKA_BOOTSTRAP_SERVERS and MONGO_URL name others'"
MOVED = "`gridcase doctor` says which log stands; docs/operate/deploy.md tells how one is moved"
RIGHTS = (
    "`gridcase doctor` looks at the broker; TLS and SASL come from GRIDCASE_KAFKA_SECURITY_PROTOCOL"
)


def _broker(error: BaseException) -> str:
    from services.shell.endpoints import settings_at

    return f"no broker answers at {settings_at().kafka}: {first_line(error)}"


def _database(error: BaseException) -> str:
    return f"the database does not answer: {first_line(error)}"


def _rules(error: Any) -> str:
    more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
    return f"{error.problems[0]}{more}"


def first_line(error: BaseException) -> str:
    """The first line of what an error says; drivers add pages."""
    return (str(error).splitlines() or [type(error).__name__])[0][:160] or type(error).__name__


TROUBLES: dict[str, tuple[Callable[[Any], str], str]] = {
    "aiokafka.errors.KafkaConnectionError": (_broker, START),
    "aiokafka.errors.KafkaError": (first_line, RIGHTS),
    "cimpl.KafkaException": (first_line, RIGHTS),
    "lab.reaching.NoTopic": (str, TOPIC),
    "lab.reaching.NoPlatform": (str, START),
    "lab.supervisor.PlatformError": (str, ALONE),
    "pymongo.errors.PyMongoError": (_database, DATABASE),
    "schemas.envelope.Unreadable": (str, "make the file by `gridcase log export FILE`"),
    "services.shell.embedded.child.EmbeddedError": (str, ALONE),
    "services.shell.incarnation.WrongLogError": (str, MOVED),
    "services.shell.reference.ReferenceError": (
        _rules,
        "`gridcase reference check DIR` tells all that is wrong",
    ),
    "services.shell.topic_admin.TopicError": (
        str,
        "`gridcase doctor` says how topics and rights stand",
    ),
}
"""A class's full name, with its words and its next step. Subclasses are meant as well."""


def trouble(error: BaseException) -> tuple[str, str] | None:
    """What to say of an error and what to do next; None for a defect."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    for kind in type(error).__mro__:
        if found := TROUBLES.get(f"{kind.__module__}.{kind.__qualname__}"):
            return found[0](error), found[1]
    return None


def fail(problem: str, next_step: str) -> NoReturn:
    """Say both on standard error, and end with 1."""
    error = Console(stderr=True, highlight=False)
    error.print(f"[red]error[/] {escape(problem)}", soft_wrap=True)
    error.print(f"[dim]next[/]  {escape(next_step)}", soft_wrap=True)
    raise typer.Exit(1)


class Telling(TyperGroup):
    """The root of all commands: tells a trouble where a command has not told it itself."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Exception as error:
            said = trouble(error)
            if said is None:
                raise
            # A client that never came to stand complains as it is thrown away.
            logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        fail(*said)
