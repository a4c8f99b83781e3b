"""Whatever dies, wherever, nothing is lost and nothing is decided twice: the demo month with
services killed in the middle of their work ends like the month in which nobody was.

Two platforms, each with its own prefix and database, on one broker and one mongod. Equal are, case
by case, the stored states of all four services, ids included; the scorecards; and what every
outsider was told. Left out, since it cannot be equal:

* `contact`, the ciphertext, since each installation draws each case's key; the contact that opens
  under it is compared instead;
* `received_at` on the log: when the broker took the report. No state holds it, and in stream time
  nothing follows from it;
* order and number: `offset`, `partition` and `seen` of a document, copies on the log, and messages
  said again, which carry the same id and say the same.

All ids follow from the reports' digests, which are keyed with the installation's secret: so the
second installation is given the secrets of the first.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from lab import rebuild
from lab.supervisor import Options
from schemas.commands import Sealed
from schemas.reference import Reference
from schemas.topics import SERVICES
from services.shell.embedded import Embedded
from services.shell.seal import unseal
from services.shell.settings import Settings
from services.shell.snapshots import Document, connect
from services.shell.vault import Vault
from tests.e2e.conftest import NEED_RESTARTS
from tests.e2e.month import Month, hanyin, live
from tests.e2e.outside import Outside, an_update, until

KILLS = int(os.environ.get("GRIDCASE_KILLS", "6"))
SEED = int(os.environ.get("GRIDCASE_KILL_SEED", "321"))


@pytest.fixture(scope="session")
async def under_fire(
    undisturbed: Month,
    options: Callable[[str, Reference], Options],
    kafka: Embedded,
    say: Callable[[str], None],
) -> Month:
    if kafka.kind == "mock":
        say(f"NOT PROVED: kills. {NEED_RESTARTS}")
        pytest.skip(NEED_RESTARTS)
    chosen = options("fire", hanyin())
    await give_secrets(undisturbed.settings, chosen)
    moments = Random(SEED).sample(range(undisturbed.events * 9 // 10), KILLS)
    month = await live(chosen, moments=moments, seed=SEED)
    say(
        f"kills: {month.kills.total()} ({', '.join(f'{n} {k}' for k, n in month.kills.items())}), "
        f"{month.restarts} restarts; {month.played.cases} cases, {month.events} events in "
        f"{month.seconds:.0f} s, undisturbed {undisturbed.seconds:.0f} s; on the log "
        f"{month.played.copies} copies, {month.played.voids} voids (undisturbed "
        f"{undisturbed.played.voids}); seed {SEED}"
    )
    return month


async def give_secrets(first: Settings, options: Options) -> None:
    """The county's secrets, but none of its cases' keys."""
    second = Settings(prefix=options.environment["GRIDCASE_PREFIX"])
    source, target = (connect(first.mongo, s.database) for s in (first, second))
    found = source["vault"].find({"_id": {"$regex": "^secret:"}})
    await target["vault"].insert_many([document async for document in found])


@pytest.mark.parametrize("service", ["sla", "rating"])
async def test_a_service_tells_of_no_timers_until_it_knows_them_all(
    outside: Outside, kafka: Embedded, service: str
) -> None:
    """A driver that took half of the timers for all would send an input before its time."""
    if kafka.kind == "mock":
        pytest.skip(NEED_RESTARTS)
    start = await outside.another_monday()
    for _ in range(3):
        case = await outside.reports(start)
        done = an_update(case, "resolve", start + timedelta(hours=1), result="好了")
        await outside.sends("updates.vc-v11", done)
    await outside.reports(start)
    page = f"/timers?until={start + timedelta(days=30):%Y-%m-%dT%H:%M:%SZ}"
    expected = (await outside.asks(service, page))["cases"]
    assert expected
    outside.platform.kill(service)
    await until(lambda: outside.is_gone(service))
    assert (await outside.asks(service, page))["cases"] == expected
    await outside.quiet()


def test_services_were_killed_and_came_back(under_fire: Month) -> None:
    assert under_fire.kills.total() == KILLS
    assert under_fire.restarts >= len(under_fire.kills)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_case_ends_as_if_nobody_had_been_killed(
    undisturbed: Month, under_fire: Month, service: str
) -> None:
    expected = {case: public(state) for case, state in (await undisturbed.states(service)).items()}
    found = {case: public(state) for case, state in (await under_fire.states(service)).items()}
    assert found.keys() == expected.keys()
    assert {case: found[case] for case in found if found[case] != expected[case]} == {}


def public(state: Document) -> Document:
    return {name: value for name, value in state.items() if name != "contact"}


async def test_every_contact_opens_under_its_key(undisturbed: Month, under_fire: Month) -> None:
    expected = await contacts(undisturbed)
    assert expected
    assert await contacts(under_fire) == expected


async def contacts(month: Month) -> dict[str, dict[str, str]]:
    states = await month.states("router")
    sealed = {case: state["contact"] for case, state in states.items() if state.get("contact")}
    vault = Vault(connect(month.settings.mongo, month.settings.database))
    keys = await vault.keys(sealed, create=False)
    return {
        case: unseal(keys[case] or b"", case, Sealed.model_validate(each))
        for case, each in sealed.items()
    }


@pytest.mark.parametrize("service", SERVICES)
async def test_the_documents_are_still_the_fold_of_the_log(under_fire: Month, service: str) -> None:
    found = await rebuild.run(service, under_fire.settings)
    assert found.holds, found


async def test_the_scorecards_are_the_same(undisturbed: Month, under_fire: Month) -> None:
    expected = await undisturbed.scorecards()
    assert expected
    assert await under_fire.scorecards() == expected


async def test_outsiders_were_told_the_same_and_told_again_only_the_same(
    undisturbed: Month, under_fire: Month, say: Callable[[str], None]
) -> None:
    expected, found = await undisturbed.told(), await under_fire.told()
    assert found.keys() == expected.keys()
    for address, words in found.items():
        assert all(word == words[0] for word in words), address
        assert words[0] == expected[address][0], address
    again: Any = sum(len(words) - 1 for words in found.values())
    say(f"outsiders: {len(found)} messages, {again} of them said again under the same id")
