"""A department's own consumer: it signs what it is given to lead. Run: faststream run consumer:app"""

import json
import os

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

PREFIX, ME = os.environ.get("GRIDCASE_PREFIX", ""), os.environ["DEPARTMENT"]
broker = KafkaBroker(os.environ["KAFKA_BOOTSTRAP_SERVERS"])
app = FastStream(broker)


@broker.subscriber(f"{PREFIX}assignments.{ME}", group_id=f"{PREFIX}department-{ME}.desk",
                   auto_offset_reset="earliest", ack_policy=AckPolicy.NACK_ON_ERROR,
                   decoder=lambda message: json.loads(message.body))  # fmt: skip
async def hear(event: dict, message: KafkaMessage) -> None:  # type: ignore[type-arg]
    case = event["data"]
    if event["type"] != "assignment.created.v1" or case["role"] != "lead":
        return
    update = {"update_id": f"sign-{event['id']}", "case_id": case["case_id"],
              "action": "sign", "at": case["at"], "by": f"desk@{ME}"}  # fmt: skip
    await broker.publish(update, f"{PREFIX}updates.{ME}", key=case["case_id"].encode())
