"""Updates, decisions and ratings that can be read and still cannot be: the department is told why,
or the log says it, or, where there is nobody to tell, the command is set aside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas import ids
from schemas.outputs import UpdateRefusal
from tests.e2e.outside import Outside, a_rating, an_update, fresh
from tests.e2e.set_aside import RATINGS, TRIAGE, UPDATES, last_dead_command
from tests.story import START

pytestmark = pytest.mark.usefixtures("nothing_else_is_disturbed")


async def refused(outside: Outside, department: str, update: Any) -> UpdateRefusal:
    """Send it; the refusal that this department is told."""
    before = len(await outside.told(f"assignments.{department}"))
    await outside.sends(f"updates.{department}", update)
    (word,) = (await outside.told(f"assignments.{department}"))[before:]
    assert isinstance(word.data, UpdateRefusal)
    assert word.data.update_id == update.get("update_id")
    return word.data


async def test_an_update_with_an_unknown_action_is_refused_to_its_department(
    outside: Outside,
) -> None:
    before = await outside.counted("router", "updates", "refused")
    word = await refused(outside, "vc-v11", an_update("any", "celebrate"))
    assert word.reason.startswith("action: Input should be 'sign'")
    assert await outside.counted("router", "updates", "refused") == before + 1


async def test_a_stranger_learns_nothing_whether_the_case_exists_or_not(outside: Outside) -> None:
    case = await outside.reports()
    before = outside.happened(case)
    theirs = await refused(outside, "vc-v21", an_update(case, "sign"))
    nobodys = await refused(outside, "vc-v21", an_update(ids.case_id("hotline", "no"), "sign"))
    assert theirs.reason == nobodys.reason == "this department holds no such case and never did"
    assert outside.happened(case) == before


async def test_an_update_on_the_topic_of_a_unit_that_the_rules_do_not_know_is_set_aside(
    outside: Outside,
) -> None:
    await outside.makes("updates.nobody")
    case = await outside.reports()
    before = outside.happened(case)
    update = an_update(case, "sign")
    await outside.sends("updates.nobody", update)
    assert outside.happened(case) == before
    reason, record = await last_dead_command(outside, "router")
    assert "updates.nobody" in reason
    assert record["data"]["update"]["update_id"] == update["update_id"]


async def test_an_update_that_the_status_does_not_allow_is_refused_on_the_log(
    outside: Outside,
) -> None:
    case = await outside.reports()
    word = await refused(outside, "vc-v11", an_update(case, "resume"))
    assert word.reason == "`resume` is not possible while the case is assigned"
    assert outside.happened(case)[-1] == "update-refused"


async def test_a_rating_of_an_unknown_case_is_set_aside_with_its_reason(outside: Outside) -> None:
    before = await outside.counted("rating", "rating.commands", "dead")
    rating = a_rating(ids.case_id("hotline", "no such report"), 5)
    await outside.sends(RATINGS, rating)
    assert await outside.counted("rating", "rating.commands", "dead") == before + 1
    reason, record = await last_dead_command(outside, "rating")
    assert reason == "there is no such case"
    assert record["data"]["rating"]["rating_id"] == rating["rating_id"]


async def test_a_decision_about_an_unknown_case_is_set_aside_with_its_reason(
    outside: Outside,
) -> None:
    case = ids.case_id("hotline", "no such report")
    decision = {"case_id": case, "decision_id": fresh("decision"), "by": "officer"}
    decision |= {"at": START.isoformat(), "action": "assign", "department": "vc-v11"}
    await outside.sends(TRIAGE, decision)
    reason, record = await last_dead_command(outside, "router")
    assert reason == "there is no such case"
    assert record["data"]["decision"]["decision_id"] == decision["decision_id"]


async def test_a_rating_before_there_is_a_result_is_refused_on_the_log(outside: Outside) -> None:
    case = await outside.reports()
    await outside.sends(RATINGS, a_rating(case, 1))
    assert outside.happened(case)[-1] == "rating-refused"


async def test_a_resolution_in_the_far_future_is_refused(outside: Outside) -> None:
    """Its moment would set deadlines that no calendar can reach."""
    case = await outside.reports()
    late = datetime(9999, 12, 30, tzinfo=UTC)
    word = await refused(outside, "vc-v11", an_update(case, "resolve", late, result="好了"))
    assert word.reason.startswith("at: ")
    early = START + timedelta(hours=1)
    await outside.sends(UPDATES, an_update(case, "resolve", early, result="好了"))
    assert outside.happened(case)[-1] == "resolved"
