"""The lifecycle and the topics as Markdown tables, for people.

The rule to remember: a table is made from the rows that the code itself obeys, and says no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas import json_schemas
from schemas.events import EVENTS, CaseEvent
from schemas.lifecycle import LIFECYCLE, UNBOUND, Status
from schemas.topics import TOPICS, Topic

MADE = "<!-- Made by `python -m schemas.publish`. -->"

LIFECYCLE_HEAD = f"""\
{MADE}
# Lifecycle: which event may follow which status

An event that this table does not allow where it landed is void: it stays on the log and changes
nothing. An event that **takes the place** becomes the case's holding; one that is **bound** names
the holding that it concerns, and is void unless that one still stands.
"""

TOPICS_HEAD = f"""\
{MADE}
# Topics

Each message is a CloudEvent 1.0 in structured JSON; its schema is `json/<type>.json`, an example
`samples/<type>.json`. What cannot be read on a topic goes to `<topic>.dead`.
"""


def lifecycle() -> str:
    head = (
        "event",
        "written by",
        "may follow",
        "leads to",
        "takes the place",
        "bound",
        "what it says",
    )
    return f"{LIFECYCLE_HEAD}\n{_table(head, map(_event_row, EVENTS))}"


def _event_row(event: type[CaseEvent]) -> tuple[str, ...]:
    row = LIFECYCLE[event]
    return (
        f"`{event.TYPE}`",
        event.WRITER,
        statuses(row.after),
        row.to.value if row.to else "",
        _mark(row.takes_place),
        _mark("holding" in event.model_fields and event not in UNBOUND),
        _first_paragraph(json_schemas.about(event)),
    )


def statuses(after: frozenset[Status]) -> str:
    """The statuses in the order of a case's life."""
    return ", ".join(status.value for status in Status if status in after)


def topics() -> str:
    head = ("topic", "key", "messages", "written by", "read by", "kept", "partitions", "what it is")
    return f"{TOPICS_HEAD}\n{_table(head, map(_topic_row, TOPICS))}"


def _topic_row(topic: Topic) -> tuple[str, ...]:
    return (
        f"`{topic.of('<department>') if topic.per_department else topic.name}`",
        topic.key,
        "<br>".join(f"`{message.TYPE}`" for message in topic.messages),
        ", ".join(topic.writers),
        ", ".join(topic.readers),
        topic.kept if isinstance(topic.kept, str) else f"{topic.kept} d",
        str(topic.partitions),
        topic.about,
    )


def _mark(holds: bool) -> str:
    return "yes" if holds else ""


def _first_paragraph(words: str) -> str:
    return " ".join(words.partition("\n\n")[0].split())


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
