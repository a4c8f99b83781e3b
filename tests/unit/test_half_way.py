"""Cut-over: cases that an older system had half way come in as they stood."""

from __future__ import annotations

from typing import Any

import pytest

from lab.half_way import Held, carry_on
from lab.importing import Accepted, ImportParties, Rejected, outcomes
from lab.mapping import Mapping
from schemas.envelope import Message
from schemas.events import Assigned, AssignedBecause
from schemas.inputs import Action, TriageDecision, Update, Verdict
from tests.story import CASE, moment
from tests.unit.router_words import TOWN, VC, assigned

MAPPING = Mapping.model_validate(
    {
        "source": "old",
        "times": {"zone": "UTC", "formats": ["%Y-%m-%dT%H"]},
        "report": {
            "report_id": "{no}", "submitted_at": "{on}", "text": "x",
            "reporter": {"kind": "resident", "id": "nobody"},
        },
        "held": {"department": "{unit}", "since": "{since}", "signed_at": "{signed}",
                 "note": "{note}"},
    }
)  # fmt: skip
HEADER = "no,on,unit,since,signed,note\n"


def row(text: str) -> Accepted | Rejected:
    [outcome] = outcomes((HEADER + text).splitlines(keepends=True), MAPPING)
    return outcome


def given_to(lead: str, because: AssignedBecause = AssignedBecause.ROUTED) -> Message[Assigned]:
    data = assigned(lead, because=because)
    return Message("e2", "/services/router", CASE, moment(1), data)


def said(event: Message[Assigned], **held: Any) -> list[Any]:
    usual: dict[str, Any] = {"department": VC, "since": moment(5)}
    return [timed.data for timed in carry_on(event, Held(**usual | held))]


def test_a_row_says_who_has_the_case_since_when_and_how_far_it_is() -> None:
    found = row("1,2022-07-04T01,vc-v11,2022-07-04T03,2022-07-04T04,half done\n")
    assert isinstance(found, Accepted) and found.held is not None
    assert (found.held.department, found.held.note) == ("vc-v11", "half done")
    assert found.held.since < (found.held.signed_at or found.held.since)


def test_without_a_department_today_s_rules_place_it() -> None:
    found = row("1,2022-07-04T01,,,,\n")
    assert isinstance(found, Accepted) and found.held is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1,2022-07-04T05,vc-v11,2022-07-04T03,,\n", "not in this order"),
        ("1,2022-07-04T01,vc-v11,2022-07-04T03,2022-07-04T02,\n", "not in this order"),
        ("1,2022-07-04T01,vc-v11,yesterday,,\n", "held.since: 'yesterday'"),
    ],
)
def test_a_history_that_cannot_be_is_rejected_with_its_line(text: str, reason: str) -> None:
    found = row(text)
    assert isinstance(found, Rejected) and reason in found.reason and found.line == 2


def test_what_today_s_rules_give_to_another_is_given_to_its_holder_at_its_own_time() -> None:
    [decision] = said(given_to(TOWN))
    assert isinstance(decision, TriageDecision)
    assert (decision.action, decision.department, decision.at) == (Verdict.ASSIGN, VC, moment(5))


def test_its_holder_signs_and_says_how_far_it_is() -> None:
    sign, progress = said(given_to(VC), signed_at=moment(6), note="half done")
    assert isinstance(sign, Update) and sign.action is Action.SIGN and sign.at == moment(6)
    assert isinstance(progress, Update) and progress.result == "half done"


def test_what_happens_later_is_no_part_of_the_history() -> None:
    assert said(given_to(TOWN, AssignedBecause.ESCALATED)) == []


def test_a_second_import_sends_the_same_ids() -> None:
    held = Held(department=VC, since=moment(5), signed_at=moment(6))
    once, twice = (list(carry_on(given_to(VC), held)) for _ in range(2))
    assert once == twice


def test_the_parties_of_an_import_carry_on_and_then_resolve() -> None:
    found = row("1,2022-07-04T01,vc-v11,2022-07-04T03,2022-07-04T04,\n")
    assert isinstance(found, Accepted)
    parties = ImportParties([found])
    event = Message("e2", "/services/router", found.case_id, moment(1), assigned(VC))
    [sign] = parties.react(event)
    assert sign.data.action is Action.SIGN  # type: ignore[union-attr]
