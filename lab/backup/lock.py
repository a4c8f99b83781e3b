"""The vault's keys under a passphrase: AES-256-GCM, line by line, under a key that scrypt makes of it.

Whoever has the archive and the passphrase can open every contact that was not erased when it was
made; whoever has the archive alone can open none. Without the keys the contacts stay shut for good.
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

COST = {"n": 2**15, "r": 8, "p": 1}
"""32 MB and a tenth of a second for each guess."""
NONCE_BYTES = 12
LEAST_CHARACTERS = 12


class LockError(ValueError):
    """A passphrase is missing, too short or not the right one; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Lock:
    key: bytes
    salt: bytes

    @classmethod
    def made(cls, passphrase: str) -> Lock:
        """A new lock. Raises `LockError` for a passphrase that could be guessed."""
        if len(passphrase) < LEAST_CHARACTERS:
            raise LockError(
                f"a passphrase has at least {LEAST_CHARACTERS} characters: longer, please"
            )
        salt = secrets.token_bytes(16)
        return cls(_derived(passphrase, salt, COST), salt)

    @classmethod
    def of(cls, said: dict[str, Any], passphrase: str | None) -> Lock:
        """The lock of an archive. Raises `LockError` where there is no passphrase."""
        if not passphrase:
            raise LockError(
                "the keys in this archive are locked: give --passphrase-file, or restore "
                "--without-keys and leave the contacts shut"
            )
        salt = b64decode(said["salt"])
        return cls(_derived(passphrase, salt, said["scrypt"]), salt)

    def as_dict(self) -> dict[str, Any]:
        return {"alg": "A256GCM", "scrypt": COST, "salt": b64encode(self.salt).decode()}

    def shut(self, number: int, line: bytes) -> bytes:
        """A line as ciphertext, bound to its place."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return b64encode(nonce + AESGCM(self.key).encrypt(nonce, line, str(number).encode()))

    def opened(self, number: int, line: bytes) -> bytes:
        """Raises `LockError` for another passphrase, or a line that was moved or changed."""
        sealed = b64decode(line)
        nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return AESGCM(self.key).decrypt(nonce, text, str(number).encode())
        except InvalidTag:
            raise LockError("this is not the passphrase that the keys were locked with") from None


def _derived(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return Scrypt(salt=salt, length=32, **cost).derive(passphrase.encode())
