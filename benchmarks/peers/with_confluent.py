"""`python -m benchmarks.peers.with_confluent BOOTSTRAP GROUP SOURCE TARGET`: state in memory alone.

At least once, offsets committed each second after a flush; after a crash all state is gone.
"""

from __future__ import annotations

import sys
from time import monotonic

from confluent_kafka import Consumer, Producer

from benchmarks.peers.task import InMemory
from schemas import envelope

COMMIT_SECONDS = 1.0


def main(bootstrap: str, group: str, source: str, target: str) -> None:
    task = InMemory()
    producer = Producer(
        {"bootstrap.servers": bootstrap, "enable.idempotence": True, "linger.ms": 5}
    )
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
        }
    )
    consumer.subscribe([source])
    committed = monotonic()
    while True:
        for record in consumer.consume(1000, timeout=0.1):
            answer = envelope.write(task.answer(record.value()))
            while True:
                try:
                    producer.produce(target, answer, record.key())
                    break
                except BufferError:  # its queue is full: let it send
                    producer.poll(0.05)
        producer.poll(0)
        if monotonic() - committed >= COMMIT_SECONDS:
            producer.flush()
            consumer.commit(asynchronous=False) if task.cases else None
            committed = monotonic()


if __name__ == "__main__":
    main(*sys.argv[1:])
