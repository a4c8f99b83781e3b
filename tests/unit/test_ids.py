"""Ids are UUIDs of version 5, as the standard library makes them: whoever derives one finds ours."""

from __future__ import annotations

from uuid import uuid5

from hypothesis import given
from hypothesis import strategies as st

from schemas import ids

words = st.text(st.characters(exclude_categories=["Cs"]))


@given(words, words, words, words)
def test_a_derived_id_is_the_librarys_own(cause: str, a: str, b: str, c: str) -> None:
    def theirs(*parts: str) -> str:
        return str(uuid5(ids.NAMESPACE, "\x1f".join(parts)))

    assert ids.case_id(a, b) == theirs("case", a, b)
    assert ids.event_id(cause, a, 2) == theirs("event", cause, a, "2")
    assert ids.notice_id(cause, a, b, c) == theirs("notice", cause, a, b, c)
