"""Where the running platform is: from the environment, else from `run/endpoints.json`."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import Any

import httpx
import orjson

from services.shell.settings import PORTS, Settings

ENDPOINTS = Path("run/endpoints.json")
VARIABLES = {
    "kafka": "KAFKA_BOOTSTRAP_SERVERS",
    "mongo": "MONGO_URL",
    "clock": "CLOCK",  # when something was known depends on whose time counts
    "prefix": "GRIDCASE_PREFIX",
    "partitions": "GRIDCASE_PARTITIONS",
}
"""What is written down of a platform, and where the environment says otherwise."""


def endpoints(path: Path = ENDPOINTS) -> dict[str, Any]:
    """``{kafka, mongo, clock, prefix, partitions, http: {service: address}}`` of what runs here, or an empty one."""
    return dict(orjson.loads(path.read_bytes())) if path.exists() else {}


def settings_at(path: Path = ENDPOINTS) -> Settings:
    """The settings for a command: what the environment names, else what `gridcase up` wrote."""
    found = endpoints(path)
    unsaid = {name for name, variable in VARIABLES.items() if variable not in os.environ}
    known: dict[str, Any] = {name: found[name] for name in unsaid & found.keys()}
    return Settings(**known)


def http_at(path: Path = ENDPOINTS) -> dict[str, str]:
    """The services' addresses."""
    return endpoints(path).get("http") or {
        name: f"http://127.0.0.1:{port}" for name, port in PORTS.items()
    }


def bearer() -> dict[str, str]:
    """The headers that say who asks: ``GRIDCASE_TOKEN``, where somebody was given one."""
    token = os.environ.get("GRIDCASE_TOKEN", "").strip()
    return {"authorization": f"Bearer {token}"} if token else {}


def who() -> str:
    """Who is at the terminal, for the record: ``GRIDCASE_OFFICER``, else the login."""
    return os.environ.get("GRIDCASE_OFFICER") or getpass.getuser()


def words_of(answer: httpx.Response) -> str:
    """Why a service refused, in its own words."""
    try:
        said = answer.json()
    except ValueError:
        said = None
    return str(said["error"]) if isinstance(said, dict) and "error" in said else answer.text
