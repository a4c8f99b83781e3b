"""What people type and paste becomes plain writing, whatever it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.inputs import Report
from services.intake.doors import masked
from services.intake.masking import mask
from services.intake.writing import plain_writing
from tests.story import START

PHONE = "13900001111"


def hidden(text: str) -> dict[str, Any]:
    report = {"report_id": "r", "source": "s", "submitted_at": START, "text": text}
    return masked(Report.model_validate(report | {"reporter": {"kind": "resident", "id": "x"}}))


@pytest.mark.parametrize(
    "written",
    [
        "\u200b".join(PHONE),
        "139<b>0000</b>1111",
        "139<!-- x -->00001111",
        "&#49;39&#x30;0001111",
        "①③⑨⓪⓪⓪⓪①①①①",
        "𝟏𝟑𝟗𝟎𝟎𝟎𝟎𝟏𝟏𝟏𝟏",
        "١٣٩٠٠٠٠١١١١",
        "１３９００００１１１１",
        "139\u202e0000\u202c1111",
        "1\x003900001111",
        "<<b>b>139<i>0000</i>1111",
    ],
)
def test_a_phone_is_masked_in_whatever_disguise(written: str) -> None:
    assert "〔电话〕" in hidden(f"请打{written}谢谢")["text"]


@pytest.mark.parametrize(
    "kept",
    [
        "路灯壞了,請派人來修",
        "Street light 坏了 please fix",
        "坏了😡😡",
        "a < b 且 b > c",
        "第一行\n第二行",
    ],
)
def test_traditional_mixed_and_emoji_texts_stay_as_they_are(kept: str) -> None:
    assert plain_writing(kept) == kept


@given(st.text())
def test_any_text_whatever_is_made_plain_once(text: str) -> None:
    once = plain_writing(text)
    assert plain_writing(once) == once


@given(st.text(max_size=200))
def test_any_report_whatever_goes_through_the_door(text: str) -> None:
    words = hidden(text)["text"]
    assert mask(words) == words
