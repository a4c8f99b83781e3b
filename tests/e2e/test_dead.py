"""What was set aside can be looked at, repaired and put back: `gridcase dead`."""

from __future__ import annotations

import orjson
import pytest

from lab import set_aside
from tests.e2e.outside import Outside, a_report, case_of

REPORTS = "reports.submitted"


async def test_a_report_that_was_set_aside_becomes_a_case_once_it_is_repaired(
    outside: Outside,
) -> None:
    good = orjson.dumps(report := a_report())
    broken = good[:-1]
    await outside.sends(REPORTS, broken, b"its key")
    letter = (await set_aside.letters(outside.settings, REPORTS))[-1]
    assert (letter.service, letter.key) == ("intake", b"its key")
    assert "not JSON" in letter.reason
    assert await set_aside.opened(outside.settings, letter) == broken
    await set_aside.replay(outside.settings, letter, good)
    await outside.quiet()
    assert outside.happened(case_of(report))[0] == "opened"


async def test_what_is_put_back_unrepaired_comes_back(outside: Outside) -> None:
    await outside.sends(REPORTS, b"{", b"k")
    letter = (await set_aside.letters(outside.settings, REPORTS))[-1]
    await set_aside.replay(outside.settings, letter, b"{")
    await outside.quiet()
    again = (await set_aside.letters(outside.settings, REPORTS))[-1]
    assert again.offset == letter.offset + 1


async def test_a_letter_that_is_not_there_is_asked_for_by_address(outside: Outside) -> None:
    with pytest.raises(set_aside.NoLetterError, match="nothing was set aside"):
        await set_aside.letter_at(outside.settings, "reports.submitted@999999")
