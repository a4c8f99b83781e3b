"""One torture: parts come up, are worked and struck for so many minutes, come to rest, are judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import monotonic

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from lab.supervisor import Options, Platform
from schemas.reference import DeadlinePolicy, Reference
from schemas.rulebook import Rulebooks
from schemas.topics import CASE_EVENTS, KEYED_PARTITIONS, SERVICES
from services.rating.periods import month_of
from services.shell.provision import provision
from services.shell.settings import Settings
from tests.county import small_county
from tests.history import History
from tests.invariants import violations
from tests.torture.checking import figures, history_of
from tests.torture.faults import Faults
from tests.torture.faults_of_services import SESSION_SECONDS
from tests.torture.load import Load
from tests.torture.report import Fire, Report
from tests.torture.servers import Brokers, Mongods

PREFIX = "torture-"
REST_SECONDS = 240.0
CALM_LOOKS = 8
"""So many times in a row, a second apart, nothing waits: time for timers, which have a grace."""
Say = Callable[[str], None]


def county() -> Reference:
    """Deadlines that run out while we watch, for those that nobody looks after."""
    quick = DeadlinePolicy(id="usual", sign="1m", respond="3m", resolve="5m", case="15cd")
    return small_county(deadlines=(quick,))


@asynccontextmanager
async def servers(data: Path) -> AsyncIterator[tuple[Brokers, Mongods]]:
    brokers, mongods = Brokers(data), Mongods(data)
    proxies = [*brokers.proxies, *mongods.proxies]
    for proxy in proxies:
        await proxy.start()
    try:
        await asyncio.gather(asyncio.to_thread(brokers.start), asyncio.to_thread(mongods.start))
        yield brokers, mongods
    finally:
        for proxy in proxies:
            await proxy.stop()
        for server in [*brokers.servers, *mongods.servers]:
            await asyncio.to_thread(server.stop)
        brokers.clear()


async def torture(data: Path, minutes: float, rate: float, seed: int, say: Say) -> Report:
    async with servers(data) as (brokers, mongods):
        say("three brokers and three mongods are up")
        settings = Settings(kafka=brokers.url, mongo=mongods.url, prefix=PREFIX)
        await _until_led(settings)
        await provision(settings, county(), replication=3)
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": brokers.url,
            "MONGO_URL": mongods.url,
            "GRIDCASE_PREFIX": PREFIX,
            "GRIDCASE_SESSION_TIMEOUT_MS": str(int(SESSION_SECONDS * 1000)),
        }
        options = Options(county(), data / "services", environment=environment, say=say)
        async with Platform(options) as platform:
            load = Load(settings, Random(seed), rate)
            working = asyncio.create_task(load.run())
            await load.began.wait()
            faults = Faults(platform, brokers, mongods, Random(seed), say)
            began = monotonic()
            await faults.run(minutes * 60, pause=2.0)
            seconds = monotonic() - began
            load.stopping = True
            await working
            say(f"{load.sent} inputs sent; waiting until all is answered")
            timers_until = await _comes_to_rest(platform, settings)
            month = month_of(Rulebooks([county()]).at(timers_until), timers_until)
            cards, cards_until = await figures(settings, platform.http["rating"], month)
            restarts = platform.restarts
        say("reading all back")
        history = await history_of(settings, county(), load)
        history.timers_until = timers_until
        history.cards, history.cards_until = cards, cards_until
        left_out = {"disk full": brokers.no_disk} if brokers.no_disk else {}
        fire = Fire(seconds, faults.struck, left_out, faults.services.killed, restarts)
        return await _judged(fire, load.sent, history, say)


async def _judged(fire: Fire, inputs: int, history: History, say: Say) -> Report:
    report = Report(fire, inputs, history, [])
    say(f"{report.checked} messages read; judging them")
    report.violations.extend(await asyncio.to_thread(violations, history))
    return report


async def _until_led(settings: Settings) -> None:
    """The brokers take a moment to elect each other."""
    admin = AdminClient({"bootstrap.servers": settings.kafka, "log_level": 0})

    def listed() -> int:
        try:
            return len(admin.list_topics(timeout=1).brokers)
        except KafkaException:
            return 0

    for _ in range(240):
        if await asyncio.to_thread(listed) == 3:
            return
        await asyncio.sleep(0.5)
    raise TimeoutError("the three brokers do not find each other: see their logs")


async def _comes_to_rest(platform: Platform, settings: Settings) -> datetime:
    """Until every service has read all and nothing is in flight, so many times in a row. Returns up
    to when all timers must have run out."""
    calm, until = 0, monotonic() + REST_SECONDS
    async with (
        httpx.AsyncClient(timeout=5) as http,
        AIOKafkaConsumer(**settings.kafka_client()) as consumer,
    ):
        while calm < CALM_LOOKS and monotonic() < until:
            if calm == 0:
                calm_since = datetime.now(UTC)
            await asyncio.sleep(1)
            waiting = [await _waits(http, consumer, platform.http[name]) for name in SERVICES]
            calm = 0 if any(waiting) else calm + 1
        if calm < CALM_LOOKS:
            raise TimeoutError(f"after {REST_SECONDS:.0f} s: {[w for w in waiting if w]}")
    return calm_since


async def _waits(http: httpx.AsyncClient, consumer: AIOKafkaConsumer, address: str) -> str:
    try:
        quiet = (await http.get(f"{address}/quiet")).json()
    except (httpx.HTTPError, ValueError) as error:
        return f"{address}: {error!r}"
    if not quiet["ready"] or quiet["unanswered"]:
        return f"{quiet['service']}: ready {quiet['ready']}, unanswered {quiet['unanswered']}"
    if len(quiet["positions"][f"{PREFIX}{CASE_EVENTS.name}"]) < KEYED_PARTITIONS:
        return f"{quiet['service']} does not own all partitions"
    places = {
        TopicPartition(topic, int(number)): offset
        for topic, offsets in quiet["positions"].items()
        for number, offset in offsets.items()
    }
    ends = await consumer.end_offsets(list(places))
    behind = {str(tp): ends[tp] - offset for tp, offset in places.items() if ends[tp] > offset}
    return f"{quiet['service']} is behind: {behind}" if behind else ""
