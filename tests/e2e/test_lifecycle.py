"""One case from the report to the score, over the real topics, as those outside see it.

the department   assignments.<department>   created, reminded, overdue, revoked …
the reporter     reports.answered           received, assigned, result, resolved, closed
anybody          case.events, *.commands    everything, and no personal data
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas import topics
from schemas.envelope import Message
from tests.e2e.outside import NAME, PHONE, Outside, a_rating, a_report, an_update, case_of

RATINGS = "ratings.submitted"
ID_NUMBER = "11010119000101001X"
PRIVATE = (NAME, PHONE, ID_NUMBER)


async def says(outside: Outside, department: str, update: dict[str, Any]) -> None:
    await outside.sends(f"updates.{department}", update)


async def told(outside: Outside, department: str, case: str) -> list[Message[Any]]:
    return await outside.told(f"assignments.{department}", case_id=case)


def kinds(messages: Iterable[Message[Any]]) -> list[str]:
    """``created``, ``changed`` … of messages to a department."""
    return [message.type.split(".")[1] for message in messages]


def hours(start: datetime, number: float) -> datetime:
    return start + timedelta(hours=number)


# ── the plain course of things ───────────────────────────────────────────────────────────────


async def test_a_case_goes_from_the_report_to_the_score(outside: Outside) -> None:
    start = await outside.another_monday()
    report = a_report(start)
    await outside.sends(topics.REPORTS_SUBMITTED.name, report)
    case = case_of(report)
    await says(outside, "vc-v11", an_update(case, "sign", hours(start, 0.5)))
    word = an_update(case, "feedback", hours(start, 1), result="已派人到现场查看。")
    await says(outside, "vc-v11", word)
    done = an_update(case, "resolve", hours(start, 3), result="坑洼已填平。")
    await says(outside, "vc-v11", done)
    await outside.sends(RATINGS, a_rating(case, 5, hours(start, 30), comment="多谢"))
    await outside.time_comes(start + timedelta(days=8))

    assert await answers(outside, report) == [
        ("received", None, None),
        ("assigned", "vc-v11", None),
        ("result", "vc-v11", "已派人到现场查看。"),
        ("resolved", "vc-v11", "坑洼已填平。"),
        ("closed", None, None),
    ]
    department = await told(outside, "vc-v11", case)
    assert kinds(department)[:2] == ["created", "changed"]
    assert {word.data.event for word in department[1:]} == {
        "case.deadline-set.v1", "case.resolved.v1", "case.rated.v1", "case.closed.v1",
    }  # fmt: skip
    assert set(department[1].data.deadlines) == {"sign", "resolve"}
    rated = next(w for w in department[1:] if w.data.event == "case.rated.v1")
    assert rated.data.words == "5 of 5 stars, 多谢"
    facts = (await outside.asks("rating", f"/case?id={case}"))["state"]
    (holding,) = facts["holdings"]
    assert facts["standing"]["status"] == "closed"
    assert (holding["department"], holding["ended"]) == ("vc-v11", "resolved")
    assert [stars["stars"] for stars in holding["ratings"]] == [5]


async def answers(
    outside: Outside, report: dict[str, Any]
) -> list[tuple[str, str | None, str | None]]:
    """What the reporter was told: stage, department and words, in their order."""
    messages = await outside.told("reports.answered", report_id=report["report_id"])
    assert all(message.data.source == report["source"] for message in messages)
    return [(m.data.stage, m.data.department, m.data.words) for m in messages]


async def test_every_message_can_be_told_from_its_copy(outside: Outside) -> None:
    """Whoever sends twice is heard once; all that goes out has an id of its own."""
    start = await outside.another_monday()
    report = a_report(start)
    case, sign = case_of(report), an_update(case_of(report), "sign", hours(start, 0.5))
    for _ in range(2):
        await outside.sends(topics.REPORTS_SUBMITTED.name, report)
        await says(outside, "vc-v11", sign)
    rating = a_rating(case, 4, hours(start, 5))
    await says(outside, "vc-v11", an_update(case, "resolve", hours(start, 3), result="好了"))
    for _ in range(2):
        await outside.sends(RATINGS, rating)
    happened = outside.happened(case)
    assert [happened.count(what) for what in ("opened", "signed", "rated")] == [1, 1, 1]
    for topic in ("reports.answered", "assignments.vc-v11", topics.CASE_EVENTS.name):
        messages = await outside.readable(topic)
        assert len({message.id for message in messages}) == len(messages)


async def test_every_message_of_a_case_shows_what_brought_it_about(outside: Outside) -> None:
    start = await outside.another_monday()
    case = await outside.reports(start)
    await outside.time_comes(hours(start, 3))
    events = [event for event in outside.events if event.subject == case]
    assert [event.type.split(".")[1] for event in events].count("overdue") == 1
    known = {event.id for event in events}
    opened, *later = events
    commands = {command.id for command in await outside.readable("intake.commands")}
    assert opened.causationid in commands
    assert {event.causationid for event in later} <= known
    ruled = [event for event in events if event.data.RULED]
    assert {event.policyversion for event in ruled} == {"county-1"}


# ── who may know ─────────────────────────────────────────────────────────────────────────────


async def test_the_lead_gets_the_contact_and_whoever_assists_does_not(outside: Outside) -> None:
    case = await outside.reports(outside.now, category="illegal-building")
    (lead,) = await outside.told("assignments.enforcement-t1", case_id=case, role="lead")
    (assist,) = await outside.told("assignments.vc-v11", case_id=case, role="assist")
    assert lead.data.contact == {"name": NAME, "phone": PHONE}
    assert assist.data.contact is None
    assert lead.data.sealed is None
    assert assist.data.sealed is None


async def test_a_whistle_blower_is_known_to_nobody(outside: Outside) -> None:
    case = await outside.reports(outside.now, service="violation")
    (lead,) = await outside.told("assignments.county-discipline", case_id=case, role="lead")
    assert lead.data.contact is None
    assert lead.data.sealed is None
    for record in await outside.hears("assignments.county-discipline"):
        assert not [word for word in PRIVATE if word.encode() in record.value]
    (opened,) = [e for e in outside.events if e.subject == case and e.type == "case.opened.v1"]
    assert opened.data.reporter.ref is None


async def test_no_personal_data_stands_in_the_clear_where_it_would_stay(outside: Outside) -> None:
    """The raw bytes of whole topics are searched, after names and numbers came in by every door."""
    start = await outside.another_monday()
    said = f"我叫{NAME},身份证号{ID_NUMBER},电话{PHONE},村口路面坑洼。"
    voice = {"uri": "demo://1", "media_type": "audio/amr", "transcript": said}
    report = a_report(start, text=said, attachments=[voice])
    report["location"]["address"] = said
    case = case_of(report)
    await outside.sends(topics.REPORTS_SUBMITTED.name, report)
    await outside.sends(topics.REPORTS_SUBMITTED.name, report | {"text": said + "另一份"})
    await outside.sends(topics.REPORTS_SUBMITTED.name, a_report(text=said, channel="smoke"))
    await outside.sends(topics.REPORTS_SUBMITTED.name, said.encode())
    await says(outside, "vc-v11", an_update(case, "pause", start, reason=said, result=said))
    await says(outside, "vc-v11", an_update(case, "resolve", hours(start, 1), result=said))
    await says(outside, "vc-v11", an_update(case, "celebrate", start, result=said))
    await outside.sends(RATINGS, a_rating(case, 5, hours(start, 2), comment=said))
    await outside.sends(RATINGS, a_rating(case, 9, hours(start, 2), comment=said))
    decision = {"decision_id": "d", "case_id": case, "at": start.isoformat(), "by": "officer"}
    await outside.sends("triage.decisions", decision | {"action": "reject", "reason": said})

    lead = (await outside.told("assignments.vc-v11", case_id=case, role="lead"))[0]
    assert lead.data.contact == {"name": NAME, "phone": PHONE}, "the search would find something"
    for topic in STAYS:
        for record in await outside.hears(topic):
            written = (record.value or b"") + (record.key or b"")
            assert not [word for word in PRIVATE if word.encode() in written], topic


STAYS = (
    "case.events", "intake.commands", "router.commands", "rating.commands", "reports.answered",
    "reports.rejected", "reports.submitted.dead", "ratings.submitted.dead",
)  # fmt: skip


# ── time passes ──────────────────────────────────────────────────────────────────────────────


async def test_what_nobody_does_climbs_to_the_county_and_is_supervised(outside: Outside) -> None:
    start = await outside.another_monday()
    case = await outside.reports(start)
    await outside.time_comes(start + timedelta(weeks=3))

    climbed = [e for e in outside.events if e.subject == case and e.type == "case.escalated.v1"]
    assert [(e.data.from_level, e.data.to_level) for e in climbed] == [
        ("village", "town"), ("town", "county"),
    ]  # fmt: skip
    assert [e.time - start for e in climbed] == [timedelta(days=3), timedelta(days=8)]
    assert {"supervised"} <= set(outside.happened(case))
    for department, unlike in {"vc-v11": "county", "governance-t1": "village"}.items():
        words = kinds(await told(outside, department, case))
        assert words[0] == "created", unlike
        assert {"reminder", "overdue"} <= set(words)
    county = kinds(await told(outside, "county-bureau", case))
    assert {"created", "reminder", "overdue", "supervised"} <= set(county)
    assert "revoked" not in county
    assert [stage for stage, *_ in await answers(outside, report_of(case, outside))] == [
        "received", "assigned", "assigned", "assigned",
    ]  # fmt: skip


def report_of(case: str, outside: Outside) -> dict[str, Any]:
    (opened,) = [e for e in outside.events if e.subject == case and e.type == "case.opened.v1"]
    return {"source": opened.data.source, "report_id": opened.data.report_id}


async def test_the_unit_below_assists_once_a_case_has_climbed(outside: Outside) -> None:
    start = await outside.another_monday()
    case = await outside.reports(start)
    await outside.time_comes(start + timedelta(days=4))
    (lead,) = await outside.told("assignments.governance-t1", case_id=case, role="lead")
    (assist,) = await outside.told("assignments.vc-v11", case_id=case, role="assist")
    assert lead.id != assist.id
    assert lead.data.holding == assist.data.holding
    assert lead.data.contact == {"name": NAME, "phone": PHONE}
    await says(outside, "vc-v11", an_update(case, "sign", start + timedelta(days=4)))
    refusal = (await told(outside, "vc-v11", case))[-1]
    assert refusal.data.reason == "this department assists and has no part of its own"


@pytest.mark.parametrize("stars", [2, 3])
async def test_a_low_rating_opens_the_case_again_and_a_fair_one_does_not(
    outside: Outside, stars: int
) -> None:
    start = await outside.another_monday()
    case = await outside.reports(start)
    await says(outside, "vc-v11", an_update(case, "resolve", hours(start, 1), result="好了"))
    await outside.sends(RATINGS, a_rating(case, stars, hours(start, 2)))
    again = [e for e in outside.events if e.subject == case and e.type == "case.assigned.v1"][1:]
    if stars == 3:
        assert again == []
        return
    assert [(e.data.lead, e.data.because) for e in again] == [("vc-v11", "reopened")]
    assert outside.happened(case).count("reopened") == 1
    await says(outside, "vc-v11", an_update(case, "resolve", hours(start, 4), result="重做了"))
    await outside.sends(RATINGS, a_rating(case, 1, hours(start, 5)))
    last = [e for e in outside.events if e.subject == case and e.type == "case.assigned.v1"][-1]
    assert (last.data.lead, last.data.because) == ("governance-t1", "reopened")
