"""The contract as AsyncAPI, for the page that every service shows."""

from __future__ import annotations

from faststream.kafka import KafkaBroker
from faststream.specification import AsyncAPI


def specification() -> AsyncAPI:
    return AsyncAPI(KafkaBroker(), schema_version="3.0.0")
