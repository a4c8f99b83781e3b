"""The raw competitor: read a record, parse it, write it on. Nothing that does anything does less.

    python -m benchmarks.raw BOOTSTRAP GROUP SOURCE:TARGET [SOURCE:TARGET …]

An aiokafka consumer group a hop, batches, every send awaited, offsets committed each second: at
least once, with the same acknowledgements, idempotence and fetch sizes as the services. It keeps no
state, decides nothing, recognises no duplicate, and after a crash it repeats itself.
"""

from __future__ import annotations

import asyncio
import sys
from time import monotonic

import orjson
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from schemas.topics import MAX_RECORD_BYTES

COMMIT_SECONDS = 1.0


async def main(bootstrap: str, group: str, *hops: str) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        acks="all",
        enable_idempotence=True,
        max_batch_size=256 * 1024,
        max_request_size=2 * MAX_RECORD_BYTES,
    )
    async with producer, asyncio.TaskGroup() as running:
        for hop in hops:
            source, _, target = hop.partition(":")
            running.create_task(pass_on(bootstrap, group, producer, source, target))


async def pass_on(
    bootstrap: str, group: str, producer: AIOKafkaProducer, source: str, target: str
) -> None:
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=bootstrap,
        group_id=f"{group}{source}",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=2 * MAX_RECORD_BYTES,
    )
    async with consumer:
        committed = monotonic()
        while True:
            batch = await consumer.getmany(timeout_ms=100, max_records=1000)
            futures = []
            for record in (record for records in batch.values() for record in records):
                orjson.loads(record.value)
                futures.append(await producer.send(target, record.value, key=record.key))
            await asyncio.gather(*futures)
            if monotonic() - committed >= COMMIT_SECONDS:
                await consumer.commit()
                committed = monotonic()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
