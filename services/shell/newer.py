"""What a newer version of gridcase wrote: known by its shape, and never passed over.

    unreadable record ─► of a service, of a type with a number, and not one that we know?
                          ├─ no:  nobody's message; set aside, and the fold goes on
                          └─ yes: a fact that we cannot fold; this process ends

The rule to remember: **a fold without a fact is another fold.** Whoever cannot read what happened must
not decide what follows. Its partitions go to an instance that can; or it is upgraded, and reads on
from where it stopped.
"""

from __future__ import annotations

import re
from collections.abc import Container

from schemas import envelope
from schemas.envelope import Unreadable
from schemas.topics import SERVICES

NUMBERED = re.compile(r"[a-z]+\.[a-z-]+\.v[0-9]+")
OURS = frozenset(f"/services/{service}" for service in SERVICES)


class NewerThanThis(Exception):  # noqa: N818 - it names what was found
    """Something was written by a version that knows more. Upgrade this one."""


def must_not_be_newer(value: bytes | None, known: Container[str], where: str) -> None:
    """Raises `NewerThanThis` for a record, unreadable here, that a newer version reads."""
    try:
        said = envelope.parse(value)
    except Unreadable:
        return
    name, source = said.get("type"), said.get("source")
    if isinstance(name, str) and name not in known and NUMBERED.fullmatch(name) and source in OURS:
        raise NewerThanThis(
            f"{where} holds {name} of {source}, which this version does not know: upgrade this "
            "instance (docs/operate/runbooks.md, A service meets what a newer one wrote)"
        )
