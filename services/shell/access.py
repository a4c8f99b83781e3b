"""Who may do what over HTTP: tokens with roles, known by their hashes alone.

    Authorization: Bearer gc_… ─► SHA-256 ─► Holder(role, name) ─► let in, or 401 / 403 with the reason

The rule to remember: **a token speaks for one name**: `by` on the record is whoever holds it, and a
report's `source` is the one that its token names. Without any token a service on loopback takes
everybody at the machine for its officer; on any other address it lets nobody act.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from services.shell.settings import Settings

logger = logging.getLogger(__name__)
PREFIX = "gc_"
"""By which scanners know that something is a token of ours."""
HASH = re.compile("[0-9a-f]{64}")
NAME = re.compile(r"[^\s,:]{1,128}")
SHORTEST = 16
HOW = "make a token with `gridcase token new --role {role} --name NAME`, put its line into GRIDCASE_TOKENS"


class Role(StrEnum):
    """What the holder of a token may do."""

    REPORTS = "reports"
    """Send reports for the source that the token names."""
    TRIAGE = "triage"
    """Look at cases, and decide."""
    SUPERVISE = "supervise"
    """Look at cases."""
    OPERATE = "operate"
    """Look at cases, and destroy contacts."""


LOOKS = (Role.TRIAGE, Role.SUPERVISE, Role.OPERATE)


class TokensError(ValueError):
    """The setting cannot be read; the text says how to write it."""


class Refused(Exception):  # noqa: N818 - it is an answer
    def __init__(self, status: int, words: str, **headers: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Holder:
    role: Role
    name: str

    def speaks_for(self, name: str) -> bool:
        """Itself, and whoever a team names behind it: ``hotline/li``."""
        return name == self.name or name.startswith(f"{self.name}/")


def new_token() -> str:
    """256 bits of chance: nothing that could be guessed, so that one round of SHA-256 hides it."""
    return f"{PREFIX}{secrets.token_urlsafe(32)}"


def hash_of(token: str) -> str:
    return sha256(token.encode(errors="replace")).hexdigest()


def line_of(role: Role, name: str, token: str) -> str:
    """What stands in ``GRIDCASE_TOKENS`` for a token. Raises `TokensError` for an unfit name."""
    if not NAME.fullmatch(name):
        raise TokensError("a name has 1 to 128 characters, none of them a space, comma or colon")
    return f"{role}:{name}:{hash_of(token)}"


def read_tokens(setting: str) -> dict[str, Holder]:
    """``role:name:hash`` a line or between commas, ``#`` begins a remark: holders by hash. Raises
    `TokensError`, which repeats nothing of the setting: it may be a secret in the wrong place."""
    holders: dict[str, Holder] = {}
    for number, item in enumerate(_items(setting), 1):
        role, _, rest = item.partition(":")
        name, _, digest = rest.rpartition(":")
        if role not in set(Role) or not NAME.fullmatch(name) or not HASH.fullmatch(digest):
            raise TokensError(
                f"GRIDCASE_TOKENS, entry {number}: write role:name:hash, as `gridcase token new` "
                f"prints it; the roles are {', '.join(Role)}"
            )
        holders[digest] = Holder(Role(role), name)
    return holders


def read_keys(setting: str) -> dict[str, Holder]:
    """``key=source``, or ``sha256:HASH=source``: who may report, by hash. Raises `TokensError`."""
    holders: dict[str, Holder] = {}
    for item in _items(setting):
        key, equals, source = (part.strip() for part in item.rpartition("="))
        hashed = key.removeprefix("sha256:")
        is_hash = hashed != key and HASH.fullmatch(hashed)
        if not (equals and len(key) >= SHORTEST and source):
            raise TokensError(
                "GRIDCASE_API_KEYS: write key=source,key=source, each key of 16 characters or "
                "more; better sha256:HASH=source, or a token of the role `reports`"
            )
        holders[hashed if is_hash else hash_of(key)] = Holder(Role.REPORTS, source)
    return holders


def _items(setting: str) -> Iterable[str]:
    for line in setting.splitlines():
        for item in line.partition("#")[0].split(","):
            if item.strip():
                yield item.strip()


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Access:
    """What a service lets whom do. `holders` by the hash of their token."""

    holders: Mapping[str, Holder]
    loopback: bool = True
    """Whether only this machine reaches the service."""

    @classmethod
    def of(cls, settings: Settings) -> Access:
        """From ``GRIDCASE_TOKENS``, ``GRIDCASE_TOKENS_FILE`` and ``GRIDCASE_API_KEYS``. Raises
        `TokensError`, and OSError for a file that is not there: a service that cannot tell whom to
        let in must not start."""
        file = settings.tokens_file
        written = Path(file).read_text("utf-8") if file else ""
        holders = read_tokens(f"{settings.tokens}\n{written}") | read_keys(settings.api_keys)
        return cls(holders, is_loopback(settings.host))

    @property
    def reports_need_one(self) -> bool:
        return any(holder.role is Role.REPORTS for holder in self.holders.values())

    @property
    def is_open(self) -> bool:
        """No token for people at all, and nobody but this machine."""
        return self.loopback and all(h.role is Role.REPORTS for h in self.holders.values())

    def holder(self, token: str | None) -> Holder | None:
        """Compared in constant time, with every hash."""
        given, found = hash_of(token or ""), None
        for digest, holder in self.holders.items():
            if hmac.compare_digest(digest, given):
                found = holder
        return found

    def reporter(self, headers: Mapping[str, str]) -> str | None:
        """The source whose reports may be sent; None where no token is needed. Raises `Refused`."""
        if not self.reports_need_one:
            return None
        return self._known(headers, (Role.REPORTS,)).name

    def person(self, headers: Mapping[str, str], *roles: Role) -> Holder | None:
        """Who asks, in one of the roles; None where everybody at this machine may. Raises `Refused`."""
        if not self.is_open:
            return self._known(headers, roles)
        if "origin" in headers or not is_loopback(_host(headers.get("host", ""))):
            raise Refused(403, f"asked by a web page, or under a foreign name: {_how(roles)}")
        return None

    def _known(self, headers: Mapping[str, str], roles: tuple[Role, ...]) -> Holder:
        found = self.holder(token_in(headers))
        if found is None:
            words = f"a token is needed, as Authorization: Bearer TOKEN: {_how(roles)}"
            raise Refused(401, words, www_authenticate="Bearer")
        if found.role not in roles:
            wanted = " or ".join(roles)
            raise Refused(403, f"{found.name} has the role {found.role}; this takes {wanted}")
        return found

    def say(self, service: str, address: str) -> None:
        """One line at the start on who may act."""
        if self.is_open:
            logger.info(
                "%s: no tokens, so everybody at this machine may act on %s; %s",
                service, address, _how((Role.TRIAGE,)),
            )  # fmt: skip
        elif not self.holders:
            logger.warning(
                "%s: no tokens, and %s is reached from elsewhere: nobody may act or look at cases; %s",
                service, address, _how((Role.TRIAGE,)),
            )  # fmt: skip


def token_in(headers: Mapping[str, str]) -> str | None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return headers.get("x-api-key") or (token.strip() if scheme.lower() == "bearer" else None)


def _how(roles: tuple[Role, ...]) -> str:
    return HOW.format(role=roles[0])


def _host(header: str) -> str:
    """Without its port. A header that is none is a foreign name."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""
