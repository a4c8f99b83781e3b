"""Puts the planned roles into a MongoDB: makes those that are missing, renews the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from services.shell.settings import Settings

ALREADY_THERE = 51002


def apply(settings: Settings, roles: Iterable[dict[str, Any]]) -> list[str]:
    """The names of the roles. Raises `PyMongoError` where the database refuses."""
    made = []
    with MongoClient[dict[str, Any]](settings.mongo, serverSelectionTimeoutMS=10_000) as client:
        database = client[settings.database]
        for role in roles:
            rights = {"privileges": role["privileges"], "roles": role["roles"]}
            try:
                database.command({"createRole": role["role"], **rights})
            except OperationFailure as error:
                if error.code != ALREADY_THERE:
                    raise
                database.command({"updateRole": role["role"], **rights})
            made.append(role["role"])
    return made
