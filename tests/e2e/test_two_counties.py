"""Two counties on one cluster, told apart by their prefixes and the broker's ACLs alone.

a…   ─┐                         the services log in as themselves, so this is also the proof
      ├─► one broker, one mongod   that what they are granted is what they need
ab-… ─┘
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from lab.supervisor import Options, Platform
from schemas.topics import SERVICES, TOPICS, dead
from services.shell.acl_admin import apply
from services.shell.acl_plan import grants
from services.shell.settings import Settings
from services.shell.topic_plan import plan
from tests.county import small_county
from tests.e2e.guarded import Brokers, secured_kafka, seen, writes
from tests.e2e.month import snapshots_of
from tests.e2e.outside import Outside, a_report, an_update, case_of, until
from tests.e2e.set_aside import HELD_BY, UPDATES
from tests.story import moment

ONE, OTHER = "a", "ab-"
"""One is the beginning of the other."""
COUNTIES = {ONE: OTHER, OTHER: ONE}
DEPARTMENTS = [unit.code for unit in small_county().departments]
PUBLIC = {topic.name for topic in TOPICS if "anyone" in topic.readers}
PARTIES = [*(f"gridcase-{name}" for name in SERVICES), "operator", "sources", "department-vc-v11"]


class County(Platform):
    """A platform whose services log in by themselves, each under its own name."""

    brokers: Brokers

    def environment_of(self, name: str) -> dict[str, str]:
        user = f"{self.settings.prefix}gridcase-{name}"
        return super().environment_of(name) | {
            "KAFKA_BOOTSTRAP_SERVERS": self.brokers.outside,
            "GRIDCASE_KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "GRIDCASE_KAFKA_USERNAME": user,
            "GRIDCASE_KAFKA_PASSWORD": user,
        }


@pytest.fixture(scope="module")
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brokers]:
    users = [f"{prefix}{party}" for prefix in COUNTIES for party in PARTIES]
    with secured_kafka(Path(tmp_path_factory.mktemp("shared")), users) as brokers:
        for prefix in COUNTIES:
            settings = Settings(kafka=brokers.inside, prefix=prefix)
            apply(settings, grants(settings, DEPARTMENTS))
        yield brokers


@pytest.fixture(scope="module")
async def counties(
    brokers: Brokers, mongo_url: str, folder: Path
) -> AsyncIterator[dict[str, Outside]]:
    """Those outside each of the two."""
    async with AsyncExitStack() as stack:

        async def started(prefix: str) -> tuple[str, Outside]:
            named = {"KAFKA_BOOTSTRAP_SERVERS": brokers.inside, "MONGO_URL": mongo_url}
            environment = named | {"GRIDCASE_PREFIX": prefix}
            county = County(
                Options(
                    small_county(), folder / f"shared-{prefix}", "stream",
                    environment=environment, say=lambda _: None,
                )
            )  # fmt: skip
            county.brokers = brokers
            platform = await stack.enter_async_context(county)
            return prefix, await stack.enter_async_context(Outside(platform))

        yield dict([await started(prefix) for prefix in COUNTIES])


async def test_the_same_report_in_both_is_a_case_of_each_and_goes_its_own_way(
    counties: dict[str, Outside],
) -> None:
    """One report, so one case id in both: nothing but the prefix tells them apart."""
    report = a_report()
    case = case_of(report)
    for outside in counties.values():
        await outside.sends("reports.submitted", report)
    await counties[ONE].sends(UPDATES, an_update(case, "resolve", moment(1), result="填平了"))
    await counties[OTHER].sends(UPDATES, an_update(case, "sign", moment(2)))
    lives = {prefix: outside.happened(case) for prefix, outside in counties.items()}
    assert "resolved" in lives[ONE]
    assert "resolved" not in lives[OTHER]
    assert "signed" in lives[OTHER]
    for outside in counties.values():
        assert outside.happened(case).count("opened") == 1
        assert len(await outside.told(HELD_BY, case_id=case, role="lead")) >= 1
        assert outside.platform.restarts == 0


async def test_what_a_county_keeps_is_in_a_database_of_its_own(
    counties: dict[str, Outside],
) -> None:
    before = len(counties[OTHER].events)
    case = await counties[ONE].reports()
    stored, theirs = [await snapshots_of(counties[p].settings, "sla") for p in (ONE, OTHER)]

    async def is_stored() -> bool:
        return await stored.one(case) is not None

    await until(is_stored)
    assert await theirs.one(case) is None
    await counties[OTHER].quiet()
    assert len(counties[OTHER].events) == before


async def test_nobody_of_a_county_may_write_what_is_the_other_s(
    brokers: Brokers, counties: dict[str, Outside]
) -> None:
    tried = [
        writes(brokers.outside, f"{prefix}{party}", spec.name)
        for prefix, other in COUNTIES.items()
        for party in PARTIES
        for spec in plan(Settings(prefix=other), ["vc-v11"])
    ]
    assert len(tried) > 200
    assert not any(await asyncio.gather(*tried))


@pytest.mark.parametrize("prefix", COUNTIES)
@pytest.mark.parametrize("party", PARTIES)
async def test_what_somebody_sees_of_the_cluster_is_of_his_own_county_and_what_anyone_may_read(
    brokers: Brokers, counties: dict[str, Outside], prefix: str, party: str
) -> None:
    """Who may read or write a topic sees it: what is not seen is not let at."""
    sees = await asyncio.to_thread(seen, brokers.outside, f"{prefix}{party}")
    own = {spec.name for spec in plan(Settings(prefix=prefix), DEPARTMENTS)}
    public = {f"{other}{name}" for other in COUNTIES for name in PUBLIC}
    assert sees & own
    assert sees - own - {dead(name) for name in own} <= public
