"""Sealing: the same in gives the same out, and nothing else opens it."""

from __future__ import annotations

from base64 import b64decode, b64encode

import orjson
import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from schemas.commands import Sealed
from services.shell.seal import (
    KEY_BYTES,
    NONCE_BYTES,
    pseudonym,
    seal,
    seal_bytes,
    seal_original,
    unseal,
    unseal_bytes,
)

KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
CONTACT = {"name": "王小明", "phone": "13800001111"}
CONTACTS = st.dictionaries(st.text(max_size=10), st.text(max_size=30), max_size=4)
KEYS = st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES)


@given(KEYS, st.text(max_size=40), CONTACTS, st.text(max_size=40))
def test_what_was_sealed_can_be_unsealed(
    key: bytes, case: str, contact: dict[str, str], report: str
) -> None:
    assert unseal(key, case, seal(key, case, contact, report)) == contact


def test_sealing_again_gives_the_same_bytes_whatever_the_order_of_the_fields() -> None:
    turned = dict(reversed(CONTACT.items()))
    assert seal(KEY, "case", turned, "r1") == seal(KEY, "case", CONTACT, "r1")


@given(st.tuples(CONTACTS, st.text(max_size=9)), st.tuples(CONTACTS, st.text(max_size=9)))
def test_two_contents_never_share_a_nonce(
    one: tuple[dict[str, str], str], other: tuple[dict[str, str], str]
) -> None:
    nonces = [seal(KEY, "case", contact, report).nonce for contact, report in (one, other)]
    assert (nonces[0] == nonces[1]) == (one == other)
    assert len(b64decode(nonces[0])) == NONCE_BYTES


def test_the_nonce_cannot_be_computed_without_the_key() -> None:
    assert seal(KEY, "case", CONTACT, "r1").nonce != seal(OTHER_KEY, "case", CONTACT, "r1").nonce


def test_nothing_of_the_contact_shows() -> None:
    sealed = seal(KEY, "case", CONTACT, "r1")
    shown = sealed.model_dump_json().encode() + b64decode(sealed.ciphertext)
    assert not any(value.encode() in shown for value in CONTACT.values())
    assert sealed.alg == "A256GCM"


@pytest.mark.parametrize(("key", "case"), [(OTHER_KEY, "case"), (KEY, "another case")])
def test_another_key_or_another_case_opens_nothing(key: bytes, case: str) -> None:
    with pytest.raises(InvalidTag):
        unseal(key, case, seal(KEY, "case", CONTACT, "r1"))


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=7))
def test_a_changed_bit_is_noticed(place: int, bit: int) -> None:
    sealed = seal(KEY, "case", CONTACT, "r1")
    changed = bytearray(b64decode(sealed.ciphertext))
    changed[place % len(changed)] ^= 1 << bit
    with pytest.raises(InvalidTag):
        unseal(
            KEY,
            "case",
            sealed.model_copy(update={"ciphertext": b64encode(changed).decode()}),
        )


def test_an_unknown_algorithm_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="ROT13"):
        unseal(KEY, "case", Sealed(alg="ROT13", nonce="", ciphertext=""))


def test_bytes_set_aside_come_back_to_the_byte_and_open_nowhere_else() -> None:
    original = b'{"text": "\xff not even UTF-8"}'
    sealed = seal_bytes(KEY, original)
    assert unseal_bytes(KEY, sealed) == original
    with pytest.raises(InvalidTag):
        unseal_bytes(OTHER_KEY, sealed)


def test_an_original_in_writing_is_the_same_bytes_and_is_no_contact() -> None:
    original = orjson.dumps(CONTACT, option=orjson.OPT_SORT_KEYS)
    sealed = seal_original(KEY, original)
    assert b64decode(sealed.nonce) + b64decode(sealed.ciphertext) == seal_bytes(KEY, original)
    with pytest.raises(InvalidTag):
        unseal(KEY, "", sealed)


def test_a_pseudonym_is_the_same_for_a_person_and_differs_by_source_and_secret() -> None:
    word = pseudonym(KEY, "wechat", "u1")
    assert word == pseudonym(KEY, "wechat", "u1")
    assert len(word) == 16
    assert int(word, 16) >= 0
    others = {
        pseudonym(KEY, "wechat", "u2"),
        pseudonym(KEY, "hotline", "u1"),
        pseudonym(KEY, "wechatu", "1"),
        pseudonym(OTHER_KEY, "wechat", "u1"),
    }
    assert len(others | {word}) == 5
