"""The doors: what comes in is stamped with the moment that counts, and loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import orjson
import pytest
from aiokafka import TopicPartition

from schemas import topics
from schemas.commands import SubmitRating
from schemas.envelope import Message, Payload
from schemas.inputs import Rating, Report
from schemas.outputs import ReportRejected
from services.decider import Notice
from services.intake.doors import contact_of, digest_of, masked, reporter_on_log
from services.shell.doors import Admitted, Arrival, Door, effective_time, to_dead_letters
from services.shell.publishing import Publisher
from services.shell.relay import Relay
from services.shell.settings import Settings

NOON = datetime(2022, 7, 4, 4, 0, tzinfo=UTC)
FIVE = timedelta(minutes=5)
HERE = TopicPartition("ratings.submitted", 0)


# ── whose time counts ────────────────────────────────────────────────────────────────────────


def test_a_sender_within_the_tolerance_is_believed() -> None:
    assert effective_time(NOON, NOON + FIVE, FIVE) == NOON


@pytest.mark.parametrize("off", [timedelta(hours=-3), timedelta(hours=3)])
def test_nobody_backdates_or_postdates(off: timedelta) -> None:
    assert effective_time(NOON + off, NOON, FIVE) == NOON


def test_in_stream_time_the_senders_word_counts() -> None:
    assert effective_time(NOON - timedelta(days=900), NOON, None).year == 2020


# ── a relay with a broker that is only written down ──────────────────────────────────────────


@dataclass
class Batch:
    values: list[bytes] = field(default_factory=list)

    def append(self, *, value: bytes, **_more: Any) -> object:
        self.values.append(value)
        return self

    def close(self) -> None: ...


async def done() -> None:
    return None


@dataclass
class Broker:
    """Takes what is sent, refuses when told to, and remembers what was committed."""

    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    dead: list[tuple[str, str]] = field(default_factory=list)
    committed: dict[Any, int] = field(default_factory=dict)
    refuses: bool = False
    fetched: list[dict[Any, list[Any]]] = field(default_factory=list)
    """What is read next."""
    after: Callable[[], None] = lambda: None
    commits: list[int] = field(default_factory=list)
    acknowledged: asyncio.Future[None] | None = None
    """The broker's word, where it is not given at once."""

    async def partitions_for(self, _topic: str) -> set[int]:
        return {0}

    def create_batch(self) -> Batch:
        return Batch()

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> Any:
        if self.refuses:
            raise ConnectionError("the broker is away")
        self.sent += [(topic, orjson.loads(value)) for value in batch.values]
        return self.acknowledged or done()

    async def put(self, topic: str, key: bytes | None, value: bytes | None, reason: str) -> None:
        self.dead.append((topic, reason))

    async def commit(self, offsets: dict[Any, int]) -> None:
        self.committed |= offsets
        self.commits += offsets.values()

    own: set[Any] = field(default_factory=lambda: {HERE})

    def assignment(self) -> set[Any]:
        return self.own

    async def getmany(self, **_how: Any) -> dict[Any, list[Any]]:
        await asyncio.sleep(0)
        found = self.fetched.pop(0) if self.fetched else {}
        self.after()
        return found


async def admit(arrivals: Sequence[tuple[Arrival, Rating]]) -> list[Admitted]:
    return [
        Message(
            arrival.command_id(rating.rating_id),
            "/test",
            rating.case_id,
            rating.at,
            SubmitRating(origin=arrival.topic, received_at=arrival.received_at, rating=rating),
        )
        for arrival, rating in arrivals
    ]


def relay(broker: Broker, refuse: Any = to_dead_letters, settings: Settings | None = None) -> Relay:
    settings = settings or Settings()
    door = Door(topics.RATINGS_SUBMITTED, Rating, admit, refuse)
    publisher = Publisher("rating", settings, cast(Any, broker))
    relay = Relay("rating", door, settings, publisher, cast(Any, broker))
    relay.subscriber = SimpleNamespace(consumer=broker)
    return relay


def record(value: bytes | None, offset: int = 0) -> Any:
    return SimpleNamespace(
        topic="ratings.submitted",
        partition=0,
        offset=offset,
        timestamp=NOON.timestamp() * 1000,
        key=None,
        value=value,
    )


def rating(**changes: Any) -> bytes:
    good = {"case_id": "c", "rating_id": "k", "at": NOON, "by": "resident", "stars": 5}
    return orjson.dumps(good | changes)


async def through(broker: Broker, *values: bytes | None, refuse: Any = to_dead_letters) -> Broker:
    carrier = relay(broker, refuse)
    await carrier.turn(batch(*values))
    await carrier.on_partitions_revoked([HERE])
    return broker


def batch(*values: bytes | None, first: int = 0) -> dict[TopicPartition, list[Any]]:
    return {HERE: [record(value, offset) for offset, value in enumerate(values, first)]}


async def test_one_invalid_record_costs_its_batch_nothing() -> None:
    broker = await through(Broker(), rating(), b"not json", rating(rating_id="k2"))
    assert [body["data"]["rating"]["rating_id"] for _, body in broker.sent] == ["k", "k2"]
    assert len(broker.dead) == 1
    assert broker.committed == {HERE: 3}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"not json", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (None, "tombstone"),
        (b"[1]", "a JSON object was expected"),
        (rating(stars=9), "stars: Input should be less than or equal to 5"),
        (rating(by="the-wind"), "by: Input should be"),
        (rating(at="2022-07-04T09:00:00"), "timezone"),
    ],
)
async def test_what_cannot_be_read_is_set_aside_with_a_reason(
    value: bytes | None, reason: str
) -> None:
    broker = await through(Broker(), value)
    assert reason in broker.dead[0][1]
    assert broker.committed, "it is passed over, not read for ever"


async def test_a_reason_never_repeats_what_was_written() -> None:
    broker = await through(Broker(), rating(stars="my phone is 19900000001"))
    assert "19900000001" not in broker.dead[0][1]


async def test_nothing_is_committed_when_a_send_fails() -> None:
    broker = Broker(refuses=True)
    with pytest.raises(ConnectionError):
        await through(broker, rating())
    assert not broker.committed


async def test_nothing_is_committed_before_the_broker_acknowledged_it() -> None:
    """The next batch is admitted meanwhile; whoever waits for quiet sees what is on its way."""
    broker = Broker(acknowledged=asyncio.get_running_loop().create_future())
    carrier = relay(broker)
    await carrier.turn(batch(rating()))
    leaving = asyncio.create_task(carrier.on_partitions_revoked([HERE]))
    await asyncio.sleep(0)
    assert (broker.committed, carrier.positions) == ({}, {})
    assert broker.acknowledged is not None
    broker.acknowledged.set_result(None)
    await leaving
    assert broker.committed == {HERE: 1}


async def test_batches_are_sent_one_after_the_other() -> None:
    broker = Broker(acknowledged=asyncio.get_running_loop().create_future())
    carrier = relay(broker)
    await carrier.turn(batch(rating(rating_id="first")))
    second = asyncio.create_task(carrier.turn(batch(rating(rating_id="second"), first=1)))
    await asyncio.sleep(0)
    assert [body["data"]["rating"]["rating_id"] for _, body in broker.sent] == ["first"]
    assert broker.acknowledged is not None
    broker.acknowledged.set_result(None)
    await second
    await carrier.acknowledged()
    assert [body["data"]["rating"]["rating_id"] for _, body in broker.sent] == ["first", "second"]


async def test_a_send_that_fails_ends_the_loop() -> None:
    broker = Broker(refuses=True)
    carrier = relay(broker)
    broker.fetched = [batch(rating())]
    with pytest.raises(ConnectionError):
        await asyncio.wait_for(carrier.run(), 5)
    assert not broker.committed


async def test_what_was_relayed_is_committed_while_the_loop_goes_on() -> None:
    broker = Broker()
    carrier = relay(broker, settings=Settings(snapshot_seconds=0))
    broker.fetched = [batch(rating()), batch(rating(rating_id="k2"), first=1), {}]
    broker.after = lambda: setattr(carrier, "stopping", len(broker.fetched) == 0)
    await asyncio.wait_for(carrier.run(), 5)
    assert broker.commits == [1, 2]


async def test_a_batch_of_a_partition_that_went_to_another_holds_up_no_commit() -> None:
    """It was fetched before the rebalance, and relayed after it: the new owner reads it as well."""
    broker = Broker()
    carrier = relay(broker)
    gone = TopicPartition("ratings.submitted", 1)
    await carrier.turn({gone: [record(rating())]})
    await carrier.turn(batch(rating(rating_id="k2")))
    await carrier.on_partitions_revoked([HERE])
    assert broker.committed == {HERE: 1}


async def test_the_same_record_read_again_is_the_same_command() -> None:
    broker = await through(Broker(), rating())
    await through(broker, rating())
    assert broker.sent[0][1]["id"] == broker.sent[1][1]["id"]


async def test_a_cloud_event_and_the_bare_object_say_the_same() -> None:
    event = {"specversion": "1.0", "id": "x", "data": orjson.loads(rating())}
    broker = await through(Broker(), rating(), orjson.dumps(event))
    assert broker.sent[0][1]["data"]["rating"] == broker.sent[1][1]["data"]["rating"]


async def test_a_refusal_goes_to_its_sender() -> None:
    def refuse(arrival: Arrival, _data: dict[str, Any], reason: str) -> Notice:
        data: Payload = ReportRejected(reason=reason, received_at=arrival.received_at)
        return Notice("reports.rejected", "k", data)

    broker = await through(Broker(), rating(stars=0), refuse=refuse)
    assert [topic for topic, _ in broker.sent] == ["reports.rejected"]
    assert not broker.dead


def test_the_department_is_the_topics_name() -> None:
    arrival = Arrival("updates.vc-1", 0, 0, NOON, None, None)
    assert arrival.department == "vc-1"


def test_nobody_can_squat_the_command_of_another_department() -> None:
    mine, theirs = (Arrival(f"updates.{d}", 0, 0, NOON, None, None) for d in ("vc-1", "vc-2"))
    assert mine.command_id("u1") != theirs.command_id("u1")


# ── what the log may know of a report ────────────────────────────────────────────────────────


def written(**changes: Any) -> dict[str, Any]:
    return {
        "report_id": "r1",
        "source": "test",
        "submitted_at": NOON,
        "text": "我叫丁小满,电话19900000001,路灯坏了",
        "reporter": {
            "kind": "resident",
            "id": "u1",
            "name": "丁小满",
            "phone": "19900000001",
            "household_tier": "连心户",
        },
        "attachments": [{"uri": "demo://1", "media_type": "audio/amr", "transcript": "我是丁小满"}],
        "location": {"address": "丁小满家门口"},
        **changes,
    }


def a_report(**changes: Any) -> Report:
    return Report.model_validate(written(**changes))


def test_no_name_or_phone_is_left_in_what_the_log_may_know() -> None:
    told = str(masked(a_report()))
    assert "丁小满" not in told
    assert "19900000001" not in told
    assert "路灯坏了" in told


def test_a_whistle_blowers_reports_cannot_be_joined() -> None:
    hidden = reporter_on_log(a_report(service="violation"), b"secret")
    assert (hidden.ref, hidden.household_tier) == (None, None)
    assert reporter_on_log(a_report(), b"secret").ref is not None


def test_the_digest_tells_contents_apart_whatever_the_order_of_fields() -> None:
    one, other = a_report(), a_report(text="别的")
    turned = Report.model_validate(dict(reversed(written().items())))
    assert digest_of(one, b"k") != digest_of(other, b"k")
    assert digest_of(one, b"k") != digest_of(one, b"another key"), "nobody is to try phone numbers"
    assert digest_of(turned, b"k") == digest_of(one, b"k")


def test_a_contact_is_a_name_and_a_phone() -> None:
    assert contact_of(a_report().reporter) == {"name": "丁小满", "phone": "19900000001"}
