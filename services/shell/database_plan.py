"""Who may do what in MongoDB: a role for each service, and one for those who operate.

    collections × services ─► roles (as `createRole` takes them)

The rule to remember: **intake and router alone read the vault**; what is written to `vault_log`
no service can read, change or remove.
"""

from __future__ import annotations

from typing import Any

from schemas.topics import SERVICES
from services.shell.settings import Settings
from services.shell.vault import READS_VAULT

KEEPS = ("find", "insert", "update", "remove", "createIndex", "listIndexes")
MORE: dict[str, dict[str, tuple[str, ...]]] = {
    "rating": {"rating_periods": KEEPS, "rating_cards": KEEPS, "rating_corrections": KEEPS},
}
"""Collections of one service besides its cases."""


def role_of(settings: Settings, who: str) -> str:
    return f"{settings.prefix}gridcase-{who}"


def roles(settings: Settings) -> list[dict[str, Any]]:
    """``{role, privileges, roles}`` of every party, in an order that does not change."""
    services = [
        {
            "role": role_of(settings, service),
            "privileges": _privileges(settings, service),
            "roles": [],
        }
        for service in SERVICES
    ]
    everything = [{"role": "readWrite", "db": settings.database}]
    operator = {"role": role_of(settings, "operator"), "privileges": [], "roles": everything}
    return [*services, operator]


def _privileges(settings: Settings, service: str) -> list[dict[str, Any]]:
    rights = {
        f"{service}_cases": KEEPS,
        "folded": KEEPS,
        "progress": KEEPS,
        **MORE.get(service, {}),
    }
    if service in READS_VAULT:
        rights |= {"vault": ("find", "insert", "update"), "vault_log": ("insert",)}
    else:
        rights |= {"secrets": ("find", "insert")}
    return [
        {"resource": {"db": settings.database, "collection": name}, "actions": list(actions)}
        for name, actions in rights.items()
    ]
