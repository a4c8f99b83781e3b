"""`python -m benchmarks.peers.with_aiokafka BOOTSTRAP GROUP SOURCE TARGET`: state in memory alone.

At least once, offsets committed each second; after a crash all state is gone.
"""

from __future__ import annotations

import asyncio
import sys
from time import monotonic

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from benchmarks.peers.task import InMemory
from schemas import envelope

COMMIT_SECONDS = 1.0


async def main(bootstrap: str, group: str, source: str, target: str) -> None:
    task = InMemory()
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, max_batch_size=256 * 1024
    )
    consumer = AIOKafkaConsumer(
        source,
        bootstrap_servers=bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
    )
    async with producer, consumer:
        committed = monotonic()
        while True:
            batch = await consumer.getmany(timeout_ms=100, max_records=1000)
            futures = []
            for record in (record for records in batch.values() for record in records):
                answer = envelope.write(task.answer(record.value))
                futures.append(await producer.send(target, answer, key=record.key))
            await asyncio.gather(*futures)
            if monotonic() - committed >= COMMIT_SECONDS:
                await consumer.commit()
                committed = monotonic()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
