"""Contacts under lock: a name and a phone number come in, ciphertext for the log goes out.

AES-256-GCM under a key per case; the case id is authenticated with it, so that a contact cannot be
moved to another case. Destroying the key destroys the contact in every copy of the log.

The one rule to remember: everything follows from the arguments. The same report sealed again is
the same event to the byte, which is why the nonce is computed and not drawn.

**The nonce** is HMAC-SHA-256 under a key derived from the case's, over the case id, the report id
and the plaintext, cut to 12 bytes (a synthetic IV, the idea of RFC 5297). One nonce must never
serve two plaintexts: with the report id alone, two contents under the same id (a sender's mistake
or malice) would do that, and GCM would give both away. Over the plaintext as well, equal nonces
mean equal plaintexts, and chance collisions (2⁻⁹⁶ a pair) count neither for the few reports of a
case nor for what is set aside under the county's key. It is keyed, since it stands in the clear: a
bare digest would let anybody try all phone numbers against it, even after the case's key is gone.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.commands import Sealed

KEY_BYTES = 32
NONCE_BYTES = 12
ALGORITHM = "A256GCM"
SET_ASIDE = b"set aside"
"""What such bytes are bound to, so that they are never taken for a contact."""


def seal(key: bytes, case_id: str, contact: dict[str, str], nonce_seed: str) -> Sealed:
    """`contact` as ciphertext under `key` (32 bytes). `nonce_seed` is the report's id."""
    plaintext = orjson.dumps(contact, option=orjson.OPT_SORT_KEYS)
    return _written(*_encrypt(key, plaintext, case_id.encode(), nonce_seed.encode()))


def unseal(key: bytes, case_id: str, sealed: Sealed) -> dict[str, str]:
    """The contact again. Raises `cryptography.exceptions.InvalidTag` for a wrong key, another
    case's contact or changed bytes, and `ValueError` for what is not sealed our way."""
    if sealed.alg != ALGORITHM:
        raise ValueError(f"sealed with {sealed.alg}, which is not {ALGORITHM}")
    nonce, ciphertext = b64decode(sealed.nonce), b64decode(sealed.ciphertext)
    contact: dict[str, str] = orjson.loads(AESGCM(key).decrypt(nonce, ciphertext, case_id.encode()))
    return contact


def seal_bytes(secret: bytes, value: bytes) -> bytes:
    """Bytes set aside, as nonce and ciphertext under the installation's own key of 32 bytes."""
    return b"".join(_encrypt(secret, value, SET_ASIDE, b""))


def unseal_bytes(secret: bytes, sealed: bytes) -> bytes:
    """The bytes again. Raises `cryptography.exceptions.InvalidTag` for another installation's."""
    return AESGCM(secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], SET_ASIDE)


def seal_original(secret: bytes, value: bytes | None) -> Sealed:
    """What a sender wrote, to ride along with the rejection: `seal_bytes` in writing."""
    return _written(*_encrypt(secret, value or b"", SET_ASIDE, b""))


def pseudonym(secret: bytes, source: str, reporter_id: str) -> str:
    """A reporter's stand-in on the log, 16 hex digits: the same person, the same word, and no way
    back without `secret`. Sources do not share people: the same id elsewhere is another word."""
    return _mac(secret, source.encode(), reporter_id.encode()).hex()[:16]


def _encrypt(key: bytes, plaintext: bytes, bound_to: bytes, seed: bytes) -> tuple[bytes, bytes]:
    """Nonce and ciphertext."""
    subkey = _mac(key, b"gridcase nonce")
    nonce = _mac(subkey, bound_to, seed, plaintext)[:NONCE_BYTES]
    return nonce, AESGCM(key).encrypt(nonce, plaintext, bound_to)


def _written(nonce: bytes, ciphertext: bytes) -> Sealed:
    return Sealed(
        alg=ALGORITHM, nonce=b64encode(nonce).decode(), ciphertext=b64encode(ciphertext).decode()
    )


def _mac(key: bytes, *parts: bytes) -> bytes:
    """Each part goes in with its length, so that no two lists of parts read alike."""
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.new(key, framed, hashlib.sha256).digest()
