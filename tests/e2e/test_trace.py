"""A report's trace, followed through all four services."""

from __future__ import annotations

from tests.e2e.outside import Outside, a_report, case_of
from tests.e2e.set_aside import HELD_BY

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_a_reports_trace_is_on_its_events_and_on_what_its_department_is_told(
    outside: Outside,
) -> None:
    report = a_report()
    event = {"specversion": "1.0", "id": report["report_id"], "source": "/hotline"}
    event |= {"type": "report.submitted.v1", "traceparent": TRACE, "data": report}
    await outside.sends("reports.submitted", event)
    case = case_of(report)
    events = [event for event in outside.events if event.subject == case]
    assert {event.source for event in events} >= {
        "/services/intake",
        "/services/router",
        "/services/sla",
    }
    assert {event.traceparent for event in events} == {TRACE}
    told = await outside.told(HELD_BY, case_id=case)
    assert told
    assert {word.traceparent for word in told} == {TRACE}
