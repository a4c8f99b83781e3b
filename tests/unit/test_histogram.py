"""The lot histogram shows what the client library's own would show."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from services.shell.histogram import LotHistogram
from services.shell.metrics import LATENCIES

lots = st.lists(
    st.tuples(
        st.sampled_from(["sla", "router"]),
        st.lists(st.floats(0, 100) | st.sampled_from(LATENCIES), max_size=20),
    )
)


def shown(registry: CollectorRegistry) -> list[str]:
    """Without the moment at which the library made its own, and in any order."""
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if "_created" not in line and "_sum" not in line)


@given(lots)
def test_a_lot_counts_as_its_values_one_by_one(lots: list[tuple[str, list[float]]]) -> None:
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    by_lot = LotHistogram("age_seconds", "Age.", "service", LATENCIES, mine)
    one_by_one = Histogram("age_seconds", "Age.", ["service"], buckets=LATENCIES, registry=theirs)
    for service, values in lots:
        by_lot.observe(service, values)
        for value in values:
            one_by_one.labels(service).observe(value)
        one_by_one.labels(service)
    assert shown(mine) == shown(theirs)


def test_its_sum_is_that_of_all_values() -> None:
    registry = CollectorRegistry()
    ages = LotHistogram("age_seconds", "Age.", "service", LATENCIES, registry)
    ages.observe("sla", [1.5, 2.0])
    ages.observe("sla", [0.25])
    assert registry.get_sample_value("age_seconds_sum", {"service": "sla"}) == 3.75
