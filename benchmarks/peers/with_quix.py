"""`python -m benchmarks.peers.with_quix BOOTSTRAP GROUP SOURCE TARGET FOLDER`: Quix Streams, exactly once.

State in RocksDB with its changelog topic, as its documentation has it; commits each second.
"""

from __future__ import annotations

import sys

from quixstreams import Application, State

from benchmarks.peers.task import answered
from schemas import envelope
from schemas.topics import EVENT_TYPES


def main(bootstrap: str, group: str, source: str, target: str, folder: str) -> None:
    app = Application(
        broker_address=bootstrap,
        consumer_group=group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=1.0,
        state_dir=folder,
        auto_create_topics=True,
        loglevel="WARNING",
    )
    incoming = app.topic(source, key_deserializer="bytes", value_deserializer="bytes")
    outgoing = app.topic(target, key_serializer="bytes", value_serializer="bytes")

    def step(value: bytes, state: State) -> bytes:
        message = envelope.read(value, EVENT_TYPES)
        came = state.get("came", 0) + 1
        state.set("came", came)
        state.set("last", message.type)
        return envelope.write(answered(message, came))

    app.dataframe(incoming).apply(step, stateful=True).to_topic(outgoing)
    app.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
