"""A department at a terminal: it reads its own assignments and writes its own updates, nothing else.

    assignments.<department> ─► board        `sign 1`, `return 2 not-ours` ─► updates.<department>

The rule to remember: this is what any department's own system does, with the same two topics and
the same rights.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from aiokafka import AIOKafkaProducer

from lab.board import Board
from schemas import envelope
from schemas.envelope import Message, Unreadable
from schemas.inputs import Action, Update
from schemas.outputs import ASSIGNMENT_MESSAGES
from schemas.topics import ASSIGNMENTS, UPDATES
from services.shell.consuming import follow, read_to_end
from services.shell.settings import Settings

HEARD = {message.TYPE: message for message in ASSIGNMENT_MESSAGES}
WORDS_AS = {
    Action.RETURN: "reason",
    Action.PAUSE: "reason",
    Action.WHISTLE: "reason",
    Action.EXTEND: "until",
}
"""What the words behind an action are; of the others, the result."""


class Said(NamedTuple):
    """A line typed at the desk: ``return 2 not-ours``."""

    action: Action
    case: str
    words: str


def understood(line: str, board: Board) -> Said | str:
    """What a typed line says, or why it says nothing."""
    verb, _, rest = line.strip().partition(" ")
    which, _, words = rest.strip().partition(" ")
    try:
        action = Action(verb)
    except ValueError:
        return f"{verb!r} is none of: {', '.join(action.value for action in Action)}"
    case = board.case(which) if which else None
    if case is None:
        return f"which case? give its number or id: {verb} 1 …"
    return Said(action, case, words.strip())


def update_of(said: Said, by: str, at: datetime | None = None, **more: Any) -> Update:
    """The update that a line means. Raises `pydantic.ValidationError` for an `until` that is no
    time."""
    words = {WORDS_AS.get(said.action, "result"): said.words} if said.words else {}
    return Update.model_validate(
        {
            "update_id": f"update-{uuid4()}",
            "case_id": said.case,
            "action": said.action,
            "at": at or datetime.now(UTC),
            "by": by,
            **words,
            **more,
        }
    )


async def send(settings: Settings, department: str, update: Update) -> None:
    topic = settings.topic(UPDATES.of(department))
    value = orjson.dumps(update.model_dump(mode="json", exclude_none=True))
    async with AIOKafkaProducer(**settings.kafka_client(), acks="all") as producer:
        await producer.send_and_wait(topic, value, key=update.case_id.encode())


async def board_now(settings: Settings, department: str) -> Board:
    """The board as of the topic's present end."""
    board = Board(department)
    topic = settings.topic(ASSIGNMENTS.of(department))
    async for record in read_to_end(settings, topic):
        _hear(board, record.value)
    return board


async def heard(settings: Settings, board: Board) -> AsyncIterator[Board]:
    """The board after each message, for ever."""
    topic = settings.topic(ASSIGNMENTS.of(board.department))
    async for record in follow(settings, topic):
        _hear(board, record.value)
        yield board


def _hear(board: Board, value: bytes) -> None:
    try:
        message: Message[Any] = envelope.read(value, HEARD)
    except Unreadable:
        return  # a newer platform may say more than this program knows
    board.hear(message)
