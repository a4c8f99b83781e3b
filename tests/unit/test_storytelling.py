"""The story of a case as told to people: words, reasons, voids, clocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lab.story.naming import Names
from lab.story.sentences import SENTENCES, what, who
from lab.story.storytelling import Line, headline, stand, tell
from lab.story.vocabulary import Words, duration, span
from schemas import envelope, events, ids
from schemas.envelope import Message
from schemas.events import EVENTS, AssignedBecause
from schemas.lifecycle import Status
from schemas.reference import DeadlineKind, Level
from schemas.rulebook import Rulebook
from schemas.topics import EVENT_TYPES
from tests.story import START, moment
from tests.unit.held_case import RULES, event, held
from tests.unit.router_words import assigned, clocked, escalated, opened, reopened, ruled, said

SAMPLES = Path(__file__).parents[2] / "schemas" / "published" / "samples"


def last(*story: Message[Any]) -> Line:
    return tell(story, RULES)[-1]


# ── sentences ────────────────────────────────────────────────────────────────────────────────


def test_every_event_of_the_contract_has_a_sentence() -> None:
    assert set(SENTENCES) == set(EVENTS)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.TYPE)
@pytest.mark.parametrize("rules", [RULES, None], ids=["rules", "no rules"])
def test_every_published_sample_can_be_told_with_and_without_rules(
    kind: type[events.CaseEvent], rules: Rulebook | None
) -> None:
    sample = envelope.read((SAMPLES / f"{kind.TYPE}.json").read_bytes(), EVENT_TYPES)
    line = tell([sample], rules)[0]
    told = (line.who, line.what, line.cause, *line.grounds)
    assert all(zh.strip() and en.strip() for zh, en in told)
    assert headline(sample, rules).startswith(Names(rules).time(sample.time))


def test_a_headline_says_when_where_what_and_to_whom() -> None:
    assert headline(event("a", assigned()), RULES) == "07-04 09:00 v11村 路面坑洼 → v11村委会"


def test_a_headline_of_a_departments_word_takes_the_matter_from_outside() -> None:
    resolved = event("r", said(events.Resolved, "h", result="已填平"), 3)
    told = headline(resolved, RULES, "v11村 路面坑洼")
    assert told == "07-04 12:00 v11村 路面坑洼 v11村委会 办结:已填平"


def test_times_are_the_countys() -> None:
    assert last(event("opened", opened())).at.isoformat() == "2022-07-04T09:00:00+08:00"


def test_a_department_is_called_by_its_name_and_a_service_by_its_job() -> None:
    names = Names(RULES)
    assert who(event("s", said(events.Signed, "h")), names).zh == "v11村委会"
    assert who(event("o", opened()), names).en == "intake"
    assert who(event("w", ruled(events.Withdrawn, how="closed")), names).en == "officer officer"


def test_an_escalation_says_from_where_to_where_and_over_which_clock() -> None:
    told = what(event("e", escalated("h")), Names(RULES))
    assert told == Words(
        "升级:村级 → 镇级(办理逾期)", "escalated: village → town (resolve overdue)"
    )


def test_a_return_tells_its_reason_by_name_and_the_departments_own_words() -> None:
    line = last(event("r", said(events.Returned, "h", reason="not-ours", result="路属镇管")))
    assert line.what == Words("退回(不属于本单位职责)", "returned it (not-ours)")
    assert line.quote == "路属镇管"


def test_a_refusal_names_the_department_the_action_and_the_reason() -> None:
    refused = said(events.UpdateRefused, "h", action="pause", refusal="sign first")
    line = last(event("r", refused))
    assert line.what == Words("未接受v11村委会的“挂起”", "refused `pause` of v11村委会")
    assert line.quote == "sign first"


def test_stars_are_shown_as_stars() -> None:
    rated = events.Rated(
        holding="h", rating_id="x", at=START, by="resident", stars=2, solved=False, comment="还漏水"
    )
    line = last(event("r", rated))
    assert (line.what.zh, line.quote) == ("★★☆☆☆,未解决", "还漏水")


def test_codes_that_the_rules_do_not_know_are_shown_as_they_are() -> None:
    line = last(event("a", assigned("old-unit", area="x9", category="old-matter")))
    assert "old-unit" in line.what.zh and "old-unit" in line.what.en


@pytest.mark.parametrize(
    ("text", "zh"), [("4wh", "4 工作小时"), ("3wd", "3 个工作日"), ("30m", "30 分钟"), ("?", "?")]
)
def test_a_duration_is_told_with_its_unit(text: str, zh: str) -> None:
    assert duration(text).zh == zh


@pytest.mark.parametrize(
    ("seconds", "en"),
    [(0, "0 min"), (59 * 60, "59 min"), (7200, "2 h"), (90_000, "1 d 1 h"), (-5400, "1 h 30 min")],
)
def test_a_span_is_told_in_its_two_largest_units(seconds: float, en: str) -> None:
    assert span(seconds).en == en


# ── reasons ──────────────────────────────────────────────────────────────────────────────────


def test_an_assignment_tells_its_rule_what_the_rule_asks_and_why() -> None:
    zh, en = tell(held(), RULES)[1].grounds[0]
    assert zh == "规则 roads(类别 道路)"
    assert en == "Rule roads matches."


def test_an_assignment_by_triage_is_a_persons_word() -> None:
    line = last(
        event("a", assigned(because=AssignedBecause.TRIAGE, rule=None, why="officer chose."))
    )
    assert line.grounds == (Words("由民情管理员决定", "officer chose."),)


def test_a_deadline_tells_kind_length_policy_warnings_and_what_follows() -> None:
    line = tell(held(), RULES)[2]
    assert line.what.zh == "时限:办理 07-04 18:00"
    assert line.grounds[0] == Words(
        "办理 9 工作小时,政策 usual,提醒 07-04 15:00,逾期升级",
        "resolve 9 working h, policy usual, warns 07-04 15:00, climbs",
    )
    assert line.grounds[1] == Words("新的主办单位,重新起算", "vc-v11 leads: a clock of its own.")


def test_a_pause_tells_how_long_its_reason_may_last() -> None:
    line = last(event("p", said(events.Paused, "h", reason="weather")))
    assert line.what.zh == "挂起(恶劣天气)"
    assert line.grounds == (
        Words("此理由累计最多 5 个工作日", "at most 5 working d in all for this reason"),
    )


def test_a_line_names_its_parent_by_kind_and_short_id() -> None:
    parent = ids.derive("opened")
    assert tell(held(), RULES)[1].cause.en == f"answers opened {parent[:8]}"


def test_a_departments_line_answers_its_update() -> None:
    assert tell(held(), RULES)[3].cause == Words("答复单位消息 u1", "answers update u1")


def test_what_time_brought_about_names_who_set_the_timer() -> None:
    late = clocked(events.Overdue, ids.derive("assigned"), climbs=True)
    line = last(*held(event("late", late, 9, because="limits")))
    assert line.cause.en == f"time ran out that deadline-set {ids.derive('limits')[:8]} had set"


def test_a_reopening_tells_of_the_low_rating() -> None:
    rated = events.Rated(holding="h", rating_id="x", at=START, by="resident", stars=1)
    line = last(event("rated", rated), event("again", reopened("h"), because="rated"))
    assert line.grounds[0].en == "a low rating (1 stars) within its window"


# ── copies and voids ─────────────────────────────────────────────────────────────────────────


def test_a_copy_is_told_as_a_copy_and_counts_for_nothing() -> None:
    story = held()
    line = last(*story, story[3])
    assert line.void == Words("重复记录,不计", "a copy: the first one counts")
    assert stand([*story, story[3]], moment(2)) == stand(story, moment(2))


def test_a_void_event_is_told_with_the_lifecycles_reason() -> None:
    twice = event("again", said(events.Signed, ids.derive("assigned")), 2)
    line = last(*held(twice))
    assert line.void is not None
    assert line.void.en == "void: case.signed.v1 may not follow the status signed"
    assert line.void.zh == "无效:案件办理中时不成立"


def test_an_event_about_an_ended_holding_is_void_and_moves_nothing() -> None:
    stale = event("stale", said(events.Resolved, ids.derive("somebody else")), 2)
    line = last(*held(stale))
    assert line.void is not None and line.void.zh == "无效:所涉的承办已经结束"
    assert stand(held(stale), moment(3)).status is Status.SIGNED


def test_what_follows_a_void_event_counts_as_if_it_had_not_been() -> None:
    stale = event("stale", said(events.Resolved, ids.derive("somebody else")), 2)
    paused = event("paused", said(events.Paused, ids.derive("assigned"), reason="weather"), 3)
    assert last(*held(stale, paused)).void is None


def test_what_counts_says_nothing_of_voids() -> None:
    assert [line.void for line in tell(held(), RULES)] == [None] * 4


# ── where it stands ──────────────────────────────────────────────────────────────────────────


def test_a_held_case_stands_with_its_lead_and_what_is_left_of_its_clock() -> None:
    found = stand(held(), moment(7))
    assert (found.status, found.lead, found.level) == (Status.SIGNED, "vc-v11", Level.VILLAGE)
    assert [(r.kind, r.status, r.remaining) for r in found.readings] == [
        (DeadlineKind.RESOLVE, "running", 7200.0)
    ]


def test_a_clock_that_has_run_out_is_late_though_nobody_said_so() -> None:
    assert stand(held(), moment(10)).readings[0].status == "late"


def test_a_returned_case_has_no_lead_and_no_clock_of_a_holder() -> None:
    helped = assigned(holding=ids.derive("assigned"), assist=("governance-t1",))
    again = event("again", helped, 2)
    back = event("back", said(events.Returned, again.id, reason="not-ours"), 3)
    assert stand(held(again), moment(3)).assist == ("governance-t1",)
    found = stand(held(again, back), moment(4))
    assert (found.status, found.lead, found.assist, found.readings) == (Status.OPEN, None, (), ())
