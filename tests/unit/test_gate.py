"""The gate against a dearer step: what opens it, what shuts it, and what it counts."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import orjson
import pytest

from benchmarks.gate import FILE, SERVICES, blocks, on_processor, refused, verdict


@pytest.mark.parametrize("found", [1.0, 2.0, 2.35])
def test_a_step_that_is_cheaper_or_hardly_dearer_passes(found: float) -> None:
    assert verdict("sla", found, committed=2.0) is None


def test_a_step_that_has_fallen_by_more_than_fifteen_percent_is_stopped() -> None:
    why = verdict("sla", 2.4, committed=2.0)
    assert why is not None
    assert "has fallen by 17%" in why


def test_only_the_services_that_have_fallen_are_measured_again() -> None:
    committed = {"sla": 2.0, "router": 4.0}
    assert refused({"sla": 2.0, "router": 4.9}, committed).keys() == {"router"}
    assert refused({"sla": 2.0, "router": 4.5}, committed) == {}


def test_each_service_that_is_measured_has_its_committed_ratio() -> None:
    committed = orjson.loads(FILE.read_bytes())
    assert committed.keys() == set(SERVICES)
    assert all(ratio > 1 for ratio in committed.values()), "nothing does less than raw"


def test_the_events_of_a_case_lie_close_together() -> None:
    cases = [case for case, _ in blocks("sla", 0, 200)]
    spans = [
        len(cases) - cases[::-1].index(case) - cases.index(case) for case in dict.fromkeys(cases)
    ]
    assert max(spans) < len(cases) / 3


def test_what_a_thread_has_worked_is_counted_as_long_as_it_lives() -> None:
    """A service's threads live as long as it does."""
    worked, ended = threading.Event(), threading.Event()

    def work() -> None:
        sum(range(1_000_000))
        worked.set()
        ended.wait()

    before = on_processor(os.getpid())
    worker = threading.Thread(target=work)
    worker.start()
    worked.wait()
    own = int(Path("/proc/thread-self/schedstat").read_text().split()[0])
    after = on_processor(os.getpid())
    ended.set()
    worker.join()
    assert after > before
    assert after > own, "not this thread's alone"
