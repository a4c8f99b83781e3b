"""Who is in no hurry reads in lots; in stream time others wait for each turn, so nobody does."""

from __future__ import annotations

import pytest

from schemas import ids
from schemas.envelope import Message
from services.shell import metrics
from services.shell.consuming import IDLE_MS, MANY_BYTES, idle_ms
from services.shell.desk import LOG
from tests.served import application
from tests.story import CASE, START
from tests.unit.router_words import opened


@pytest.mark.parametrize(("service", "wait"), [("sla", 40), ("rating", 100)])
def test_under_the_wall_clock_the_broker_gathers_for_those_in_no_hurry(
    service: str, wait: int
) -> None:
    asked = application(service, clock="wall").runtime._gathering()
    assert asked == {"fetch_min_bytes": MANY_BYTES, "fetch_max_wait_ms": wait}


@pytest.mark.parametrize("service", ["intake", "router"])
def test_on_a_reports_way_to_its_department_nobody_gathers(service: str) -> None:
    assert application(service, clock="wall").runtime._gathering() == {}


@pytest.mark.parametrize("service", ["intake", "router", "sla", "rating"])
def test_in_stream_time_nobody_gathers(service: str) -> None:
    runtime = application(service, clock="stream").runtime
    assert runtime._gathering() == {}
    assert runtime._unhurried() is None


def test_on_a_reports_way_the_lane_that_it_does_not_take_is_read_in_lots() -> None:
    assert application("intake", clock="wall").runtime._unhurried() == LOG
    assert application("router", clock="wall").runtime._unhurried() is None


def test_in_stream_time_no_reader_is_idle_for_longer_than_the_others() -> None:
    settings = application("router", clock="stream", fetch_max_wait_ms=20).runtime.settings
    assert idle_ms(settings) == 20
    assert idle_ms(application("router", clock="wall").runtime.settings) == IDLE_MS


def test_what_was_published_together_is_counted_each() -> None:
    message = Message(ids.derive("t"), "/services/sla", CASE, START, opened())
    counter = metrics.MESSAGES.labels("sla", "assignments", "published")
    before = counter._value.get()
    metrics.count_out("sla", [("assignments.a", message)] * 2 + [("assignments.b", message)])
    assert counter._value.get() - before == 3
