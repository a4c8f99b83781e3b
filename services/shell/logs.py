"""Logs: one JSON object a line, with ids and never with what a person wrote.

    {"time": …, "level": "debug", "service": "router", "logger": …, "message": "case.assigned.v1",
     "case": …, "event": …, "cause": …}

`case`, `event` and `cause` stand where a line is about one message; the same ids are on the log of
cases (`gridcase case ID`) and in traces.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson

from schemas.envelope import Message

ABOUT = ("case", "event", "cause")


def about(message: Message[Any]) -> dict[str, str | None]:
    """The `extra` of a line about one message: its case, its own id, and that of its cause."""
    return {"case": message.subject, "event": message.id, "cause": message.causationid}


class JsonLines(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self.service = service

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self.service,
            "logger": record.name,
            "message": record.getMessage().encode(errors="backslashreplace").decode(),
            **{name: getattr(record, name) for name in ABOUT if getattr(record, name, None)},
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure(service: str, level: str = "info") -> None:
    """`level`: debug, info, warning or error; at debug each message that is written has a line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for ours in ("services", "schemas"):
        logging.getLogger(ours).setLevel(level.upper())
    logging.getLogger("aiokafka").setLevel(logging.WARNING)
