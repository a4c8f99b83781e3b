"""Personal data, planted by the hundred: nowhere in the clear but where it may be.

70 residents × names, phones, identity cards, bank cards, plates, homes, mails, accounts
   ─► every topic, log file, metric, page and stored document is searched for each value

It may stand on `reports.submitted` (what they wrote themselves, 7 days) and in the lead's own
message. A whistle-blower's may stand on the former alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from bson import BSON

from schemas import topics
from services.shell.snapshots import connect
from services.shell.vault import Vault
from tests.e2e.outside import Outside, a_report, case_of
from tests.story import START

RESIDENTS = 70
MAY_STAND = {"reports.submitted", "assignments.vc-v11"}
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Person:
    """What is planted: by kind."""

    values: dict[str, str]
    whistle: bool

    def says(self) -> str:
        v = self.values
        return (
            f"我叫{v['name']},家住3栋{v['home']},电话{v['phone']},身份证{v['identity']},"
            f"卡号{v['card']},车牌{v['plate']},邮箱{v['mail']},微信号{v['account']}。村口路面坑洼。"
        )


def people() -> list[Person]:
    dice = Random(321)
    return [_person(dice, number) for number in range(RESIDENTS)]


def _person(dice: Random, number: int) -> Person:
    given = "".join(chr(0x4E00 + dice.randrange(2_000, 18_000)) for _ in range(2))
    values = {
        "name": dice.choice("王李张刘陈杨黄赵吴周") + given,
        "phone": f"199{number:04d}{dice.randrange(10_000):04d}",
        "identity": _identity(dice, number),
        "card": f"62{dice.randrange(10**16):016d}0",
        "plate": f"陕G{dice.randrange(10_000, 99_999)}",
        "home": f"2单元{100 * dice.randrange(11, 40) + number % 100}室",
        "mail": f"who{number}x{dice.randrange(10**6)}@example.cn",
        "account": f"wxid{number}q{dice.randrange(10**6)}",
    }
    return Person(values, whistle=number % 5 == 0)


def _identity(dice: Random, number: int) -> str:
    body = f"610921{1950 + number % 50}{1 + number % 12:02d}{1 + number % 28:02d}{dice.randrange(1000):03d}"
    rest = sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11
    return body + "10X98765432"[rest]


async def test_none_of_five_hundred_planted_values_is_found_where_it_may_not_be(
    outside: Outside,
) -> None:
    planted = people()
    assert sum(len(person.values) for person in planted) >= 500
    cases = [await _report(outside, number, person) for number, person in enumerate(planted)]
    await _refused(outside, planted)
    await asyncio.sleep(0)
    found = await _places(outside)
    assert {"case.events", "intake.commands", "reports.rejected", "reports.answered"} <= set(found)
    assert any(place.startswith("log ") for place in found)
    for place, content in found.items():
        if place in MAY_STAND:
            continue
        leaks = [k for p in planted for k, value in p.values.items() if value.encode() in content]
        assert not leaks, f"{place}: {sorted(set(leaks))}"
    lead = found["assignments.vc-v11"]
    for person, case in zip(planted, cases, strict=True):
        phone = person.values["phone"].encode() in lead
        assert phone != person.whistle, f"{case}: the lead needs it, a whistle-blower's stays"


async def _report(outside: Outside, number: int, person: Person) -> str:
    """Sent without waiting for each; in words, in a transcript, as a heading, as an address."""
    v = person.values
    reporter = {"kind": "resident", "id": v["phone"], "name": v["name"], "phone": v["phone"]}
    where = {"grid": "g111", "address": f"3栋{v['home']}"}
    spoken = {"uri": "x://1", "media_type": "audio/amr", "transcript": person.says()}
    report = a_report(START, text=person.says(), reporter=reporter, location=where)
    report |= {"attachments": [spoken], "subject": f"{v['name']}反映,电话{v['phone']}"}
    report |= {"service": "violation"} if person.whistle else {"category": "potholes"}
    value, topic = orjson.dumps(report), topics.REPORTS_SUBMITTED.name
    await outside._producer.send_and_wait(outside.settings.topic(topic), value, key=b"any")
    return case_of(report)


async def _refused(outside: Outside, planted: list[Person]) -> None:
    """The same values in a report that is none, in a place that is none, and in broken JSON."""
    person = planted[1]
    wrong = a_report(text=person.says(), urgency=person.values["phone"])
    await outside.sends(topics.REPORTS_SUBMITTED.name, wrong)
    nowhere = a_report(text=person.says(), location={"grid": "g999"})
    await outside.sends(topics.REPORTS_SUBMITTED.name, nowhere)
    await outside.sends(topics.REPORTS_SUBMITTED.name, b'{"text": "' + person.says().encode())


async def _places(outside: Outside) -> dict[str, bytes]:
    """Everything that the platform wrote anywhere, by where."""
    found = {}
    for topic in await _topics(outside):
        records = await outside.hears(outside.settings.bare_topic(topic))
        found[outside.settings.bare_topic(topic)] = b"\n".join(_all_of(r) for r in records)
    for service, address in outside.platform.http.items():
        for page in ("metrics", "quiet", "healthz", "triage"):
            answer = await outside.http.get(f"{address}/{page}")
            found[f"page {service}/{page}"] = answer.content
    for file in sorted(outside.platform.options.data.rglob("*.log")):
        found[f"log {file.name}"] = file.read_bytes()
    database = connect(outside.settings.mongo, outside.settings.database)
    for name in await database.list_collection_names():
        documents = [BSON.encode(d) async for d in database[name].find({})]
        found[f"collection {name}"] = b"\n".join(documents)
    await database.client.close()
    return found


def _all_of(record: Any) -> bytes:
    headers = b" ".join(value for _, value in record.headers)
    return b" ".join((record.key or b"", record.value or b"", headers))


async def _topics(outside: Outside) -> list[str]:
    client = AIOKafkaAdminClient(**outside.settings.kafka_client())
    try:
        await client.start()
        names = [str(name) for name in await client.list_topics()]
    except Exception:  # the mock cluster has no admin
        pytest.skip("the mock cluster lists no topics: this wants a real Kafka")
    finally:
        await client.close()
    return sorted(name for name in names if name.startswith(outside.settings.prefix))


async def test_who_opened_a_contact_is_on_record_and_an_erased_one_is_gone(
    outside: Outside,
) -> None:
    case = await outside.reports()
    database = connect(outside.settings.mongo, outside.settings.database)
    vault = Vault(database, "test")
    assert {entry["who"] for entry in await vault.log(case)} == {"router"}
    assert await vault.erase(case)
    assert (await vault.keys([case], create=False))[case] is None
    assert [entry["what"] for entry in await vault.log(case)][-2:] == ["erase", "open"]
    await database.client.close()
