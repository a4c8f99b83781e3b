"""What the standard's questions are answered with, out of the rulebook and the stored cases.

The one rule to remember: **the list is public, so it tells no words**. A request shows its service,
its place by name, its times and its status; what was written, and by whom, is nobody's to read. A
report of a violation is not there at all.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.envelope import in_utc
from schemas.lifecycle import ENDED, Status
from schemas.reference import Category, Service
from schemas.rulebook import Rulebook
from services.intake.open311.writing import Item
from services.intake.state import State

SPAN = timedelta(days=90)
"""The standard's default, and the most that one question may span."""
CLOSED = frozenset({Status.RESOLVED}) | ENDED


def services(rules: Rulebook) -> list[Item]:
    """Every category that has a family; a family stands as the group."""
    return [_service(category, rules) for category in rules.reference.categories if category.parent]


def _service(category: Category, rules: Rulebook) -> Item:
    family = rules.category(category.parent or "")
    return {
        "service_code": category.code,
        "service_name": category.name,
        "description": category.name_en or category.name,
        "metadata": False,
        "type": "realtime",
        "keywords": category.name_en,
        "group": family.name if family else "",
    }


def definition(code: str, rules: Rulebook) -> Item | None:
    """No service asks for more than the standard's own fields."""
    known = rules.category(code)
    return {"service_code": code, "attributes": []} if known is not None else None


def request(id: str, state: State, rules: Rulebook) -> Item | None:
    """One case as the standard shows it; None for what is not to be shown."""
    if state.service is Service.VIOLATION or state.opened_at is None:
        return None
    category = rules.category(state.category or "")
    names = [area.name for area in rules.path(state.area)][::-1]
    ended = state.ended or state.opened_at
    return {
        "service_request_id": id,
        "status": "closed" if state.standing.status in CLOSED else "open",
        "status_notes": str(state.standing.status),
        "service_name": category.name if category else "",
        "service_code": state.category or "",
        "description": "",
        "agency_responsible": "",
        "service_notice": "",
        "requested_datetime": _moment(state.opened_at),
        "updated_datetime": _moment(ended),
        "address": "".join(names),
    }


def joined(id: str, into: str, found: Item) -> Item:
    """A report that joined a case has that case's status under its own id."""
    return found | {"service_request_id": id, "status_notes": f"joined request {into}"}


def wanted(query: dict[str, str], now: datetime) -> dict[str, Any]:
    """The question as one to the database. Raises ValueError for dates that are none."""
    found: dict[str, Any] = {"state.service": {"$ne": Service.VIOLATION.value}}
    if ids := query.get("service_request_id"):
        return found | {"_id": {"$in": [id.strip() for id in ids.split(",")][:1000]}}
    end = _date(query["end_date"]) if "end_date" in query else now
    start = _date(query["start_date"]) if "start_date" in query else end - SPAN
    if end - start > SPAN:
        raise ValueError("start_date and end_date may be 90 days apart at most")
    found["state.opened_at"] = {"$gte": _moment(start), "$lte": _moment(end)}
    if codes := query.get("service_code"):
        found["state.category"] = {"$in": codes.split(",")}
    statuses = set(query.get("status", "open,closed").split(","))
    if statuses == {"closed"}:
        found["state.standing.status"] = {"$in": [str(status) for status in sorted(CLOSED)]}
    elif statuses == {"open"}:
        found["state.standing.status"] = {"$nin": [str(status) for status in sorted(CLOSED)]}
    return found


def _date(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"not a date as 2010-01-01T00:00:00Z: {text[:40]!r}") from None
    return in_utc(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
