"""Made-up cases: what other services would have written to the log, and what people send.

    history("sla", n)  ─► the events of case n that sla did not write, ready for the log
    report(n) ─► assigned ─► sign ─► signed ─► resolve ─► resolved ─► rate

The cases of a history are at work: whatever the service under measurement has to answer is still to
be answered, however much of the log it reads at once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from benchmarks.traffic import Record
from schemas import envelope, events, ids
from schemas.commands import ReporterOnLog
from schemas.envelope import Message, Payload
from schemas.inputs import Channel, ReporterKind
from schemas.reference import DeadlineKind, Level, Service, Urgency
from schemas.topics import RATINGS_SUBMITTED, UPDATES
from tests.county import VILLAGES

RULES = "county-1"
START = datetime(2022, 7, 4, 1, 0, tzinfo=UTC)
"""When the first reports come in, in stream time: Monday 4 July 2022, 09:00 in Shanghai."""
MASKED = "村口往东两百米的路面坑洼,雨天积水,已有两位老人摔倒,请尽快处理。联系人***,电话***。"
WRITTEN = "我叫石小禾,村口往东两百米的路面坑洼,雨天积水,请尽快处理,请打19900000001。"
VILLAGE_CODES = tuple(VILLAGES)
OWN_ANSWERS = {"sla": 2, "router": 1}
"""How many events the service adds to each case of its history."""


def village(number: int) -> str:
    return VILLAGE_CODES[number % len(VILLAGE_CODES)]


def grid(number: int) -> str:
    return f"g{village(number)[1:]}1"


def lead(number: int) -> str:
    return f"vc-{village(number)}"


# ── histories ────────────────────────────────────────────────────────────────────────────────


def histories(service: str, first: int, count: int, now: datetime) -> list[Record]:
    """The log that a service finds: event by event, so that the cases lie between each other."""
    cases = [history(service, number, now) for number in range(first, first + count)]
    return [
        (message.subject, envelope.write(message))
        for same in zip(*cases, strict=True)
        for message in same
    ]


def history(service: str, number: int, now: datetime) -> list[Message[Payload]]:
    opened = _opened(number, now)
    if service == "router":
        return [opened, follows(opened, case_clock(now))]
    assigned = follows(opened, _assigned(number, opened.id))
    return [
        opened,
        assigned,
        follows(assigned, events.Signed(**said(assigned))),
        follows(assigned, events.FeedbackGiven(**said(assigned), result="已联系反映人,明日到场。")),
        follows(assigned, events.Progressed(**said(assigned), result="材料已备齐。")),
    ]


def follows(cause: Message[Payload], data: events.CaseEvent) -> Message[Payload]:
    return Message(
        id=ids.derive(cause.id, data.TYPE),
        source=f"/services/{data.WRITER}",
        subject=cause.subject,
        time=cause.time + timedelta(seconds=1),
        data=data,
        causationid=cause.id,
        policyversion=RULES if data.RULED else None,
    )


def _opened(number: int, now: datetime) -> Message[Payload]:
    report_id = f"r{number}"
    data = events.Opened(
        source="hotline",
        report_id=report_id,
        digest=f"{number:064x}",
        submitted_at=now,
        received_at=now,
        text=MASKED,
        channel=Channel.TEXT,
        service=Service.SENTIMENT,
        category="potholes",
        category_by="given",
        urgency=Urgency.NORMAL,
        area=grid(number),
        area_level="grid",
        area_how="given",
        area_certain=True,
        reporter=ReporterOnLog(kind=ReporterKind.RESIDENT, ref=f"{number:032x}"),
    )
    case = ids.case_id("hotline", report_id)
    return Message(ids.derive(case, data.TYPE), "/services/intake", case, now, data, case, RULES)


def _assigned(number: int, holding: str) -> events.Assigned:
    return events.Assigned(
        holding=holding,
        lead=lead(number),
        level=Level.VILLAGE,
        area=grid(number),
        category="potholes",
        because=events.AssignedBecause.ROUTED,
        rule="roads",
        why=f"Rule roads: {lead(number)} handles roads in {village(number)}.",
    )


def said(assigned: Message[Any]) -> dict[str, Any]:
    return {
        "holding": assigned.id,
        "department": assigned.data.lead,
        "update_id": f"u-{assigned.id}",
        "by": "clerk",
        "at": assigned.time,
    }


def case_clock(now: datetime) -> events.DeadlineSet:
    deadlines = [
        events.Deadline(
            kind=kind,
            started=now,
            due=now + timedelta(days=days),
            duration=f"{days}cd",
            policy="usual",
        )
        for kind, days in ((DeadlineKind.RESPOND, 1), (DeadlineKind.CASE, 15))
    ]
    return events.DeadlineSet(deadlines=tuple(deadlines), why="The report came in.")


# ── what people send ─────────────────────────────────────────────────────────────────────────


def report(number: int, at: datetime) -> Record:
    """A report with a name and a telephone number, which intake masks and seals."""
    data = {
        "report_id": f"r{number}",
        "source": "hotline",
        "submitted_at": at,
        "text": WRITTEN,
        "category": "potholes",
        "location": {"grid": grid(number)},
        "reporter": {
            "kind": "resident",
            "id": f"p{number}",
            "name": "石小禾",
            "phone": "19900000001",
        },
    }
    return ids.case_id("hotline", f"r{number}"), orjson.dumps(data)


def reaction(event: dict[str, Any]) -> tuple[str, Record] | None:
    """What a department or a resident does about an event: the topic, and the record for it."""
    match event["type"]:
        case "case.assigned.v1":
            return _update(event, event["data"]["lead"], "sign")
        case "case.signed.v1":
            return _update(event, event["data"]["department"], "resolve")
        case "case.resolved.v1":
            return _rating(event)
        case _:
            return None


def _update(event: dict[str, Any], department: str, action: str) -> tuple[str, Record]:
    data = {
        "update_id": f"{action}-{event['id']}",
        "case_id": event["subject"],
        "action": action,
        "at": _soon_after(event),
        "by": "clerk",
        "result": "坑洼已填补。" if action == "resolve" else None,
    }
    return UPDATES.of(department), (event["subject"], orjson.dumps(data))


def _rating(event: dict[str, Any]) -> tuple[str, Record]:
    data = {
        "case_id": event["subject"],
        "rating_id": f"stars-{event['id']}",
        "at": _soon_after(event),
        "by": "resident",
        "stars": 5,
        "solved": True,
    }
    return RATINGS_SUBMITTED.name, (event["subject"], orjson.dumps(data))


def _soon_after(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["time"]) + timedelta(minutes=10)
