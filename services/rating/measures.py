"""The table of measures: one row says what is counted, out of what, and what is left out.

Scorecards, the page, its glossary and the lists behind the cells all come from these rows; a new
figure is a new row. A row without `among` is a plain count.

The rule to remember: **no rate without its denominator**; the reasons in `left_out` are all that a
row's judge may leave out for, and each has its words in `REASONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from schemas.reference import Level, Service
from services.rating import timeliness, verdicts
from services.rating.judging import LeftOut
from services.rating.verdicts import Judge, settled_at
from services.rating.views import View


class Words(NamedTuple):
    zh: str
    en: str


class Measure(NamedTuple):
    name: str
    label: Words
    counted: Words
    """What makes a case count: the number itself, or a rate's numerator."""
    judge: Judge
    among: Words | None = None
    """What a rate's denominator is; None for a count."""
    left_out: tuple[LeftOut, ...] = ()

    @property
    def is_rate(self) -> bool:
        return self.among is not None


REASONS: Mapping[LeftOut, Words] = {
    "within-limit": Words("未到期", "not finished, its limit has not run out"),
    "no-limit": Words("未设时限", "no limit was set"),
    "unassigned": Words("待分派", "nobody held it yet"),
    "before": Words("接手前已答复或到期", "answered, or its limit spent, before it came to them"),
    "returned": Words("已退回", "returned as not theirs before it was late"),
    "moved": Words("已转出", "went to another before it was late"),
    "withdrawn": Words("已撤销或并入他案", "withdrawn, rejected, or joined to another case"),
    "extended": Words("已延期", "more time was granted"),
    "silent": Words("未评价", "closed without a rating"),
    "awaiting": Words("待评价", "not rated yet, still open to a rating"),
    "flood": Words(
        "同一人同日评价过多,疑似刷评", "one of a flood of ratings by one person on one day"
    ),
    "not-visited": Words("未回访", "no return visit"),
    "not-self-rated": Words("本人未评价", "the resident gave no rating of their own"),
}

ACCEPTED = Words("本期受理的案件", "cases that came in the period")
RESULTS = Words(
    "本期办结的案件,以本期最后一次结果为准", "cases with a result in the period, by the last one"
)
DUE = Words("本期按时办结或到期的案件", "cases finished in time or overdue in the period")
GONE: tuple[LeftOut, ...] = ("returned", "moved", "withdrawn")
RESPONSE: tuple[LeftOut, ...] = ("within-limit", "no-limit", "before", *GONE)
SIGNING: tuple[LeftOut, ...] = ("within-limit", "no-limit", "unassigned", *GONE)

LEVELS: Mapping[Level, Words] = {
    Level.VILLAGE: Words("村", "village"),
    Level.TOWN: Words("镇", "town"),
    Level.COUNTY: Words("县", "county"),
}
SERVICES: Mapping[Service, Words] = {
    Service.EPIDEMIC: Words("涉疫报备", "epidemic reports"),
    Service.RISK: Words("风险申报", "risk declarations"),
    Service.SENTIMENT: Words("民情直通", "residents' requests"),
    Service.VIOLATION: Words("违法举报", "reports of violations"),
    Service.DEPUTY: Words("代表工作", "deputies' work"),
}


def _settled_at(level: Level) -> Measure:
    zh, en = LEVELS[level]
    return Measure(
        f"settled_at_{level}",
        Words(f"{zh}级办结占比", f"Settled at {en} level"),
        Words(f"由{zh}级单位办结", f"the {en} level reached the result"),
        settled_at(level),
        RESULTS,
    )


MEASURES: tuple[Measure, ...] = (
    Measure(
        "accepted", Words("受理", "Accepted"),
        Words("本期上报(辖区)或分派(单位)的案件", "reported (areas) or assigned (units) in the period"),
        verdicts.accepted,
    ),
    Measure(
        "completed", Words("办结", "Completed"),
        Words("本期有办理结果,无论何时受理", "a result in the period, whenever it came in"),
        verdicts.completed,
    ),
    Measure(
        "overdue", Words("超期", "Overdue"),
        Words("办理时限在本期届满而未办结", "the holder's limit ran out in the period, unfinished"),
        timeliness.overdue,
    ),
    Measure(
        "returned", Words("退回", "Returned"),
        Words("本期被退回(非本单位职责)", "returned in the period as not theirs"), verdicts.returned,
    ),
    Measure(
        "wrongly_returned", Words("误退", "Wrongly returned"),
        Words("本期经分拨派回原退回单位", "sent back in the period by triage to the unit that had returned it"),
        verdicts.wrongly_returned,
    ),
    Measure(
        "reopened", Words("重办", "Reopened"),
        Words("本期因低评重新办理", "reopened in the period for a low rating"), verdicts.reopened,
    ),
    Measure(
        "escalated", Words("升级", "Escalated"),
        Words("本期升至上一级", "climbed a level in the period"), verdicts.escalated,
    ),
    Measure(
        "supervised", Words("督办", "Supervised"),
        Words("本期列入效能监察", "came under efficiency supervision in the period"),
        verdicts.supervised,
    ),
    Measure(
        "pending", Words("在办", "Pending"),
        Words("期末(未到期末则为现在)尚未办结", "unfinished at the period's end, or now if it runs"),
        verdicts.pending,
    ),
    Measure(
        "response", Words("响应率", "Response"),
        Words("在时限内首次答复上报人", "a first word to the reporter within the limit"),
        timeliness.response, ACCEPTED, RESPONSE,
    ),
    Measure(
        "signing", Words("签收率", "Signed in time"),
        Words("在时限内签收", "signed for within the limit"), timeliness.signing, ACCEPTED, SIGNING,
    ),
    Measure(
        "completion", Words("办结率", "Completion"),
        Words("至今已办结且未重办", "finished by now, and not reopened"),
        verdicts.completion, ACCEPTED, ("within-limit", *GONE),
    ),
    Measure(
        "satisfaction", Words("满意率(实际评价)", "Satisfaction (actually rated)"),
        Words("评价非低星且未称未解决;本人评价先于回访,回访先于民调", "neither few stars nor “not solved”; the resident's own word before a visit's or a poll's"),
        verdicts.satisfaction, RESULTS, ("silent", "awaiting", "withdrawn", "flood"),
    ),
    Measure(
        "satisfaction_with_silence", Words("满意率(未评视为满意)", "Satisfaction (silence counts)"),
        Words("评价满意,或到期未评价", "rated well, or closed without a rating"),
        verdicts.satisfaction_with_silence, RESULTS, ("awaiting", "withdrawn", "flood"),
    ),
    Measure(
        "visited_satisfaction", Words("回访满意率", "Satisfaction found by visits"),
        Words("回访评价满意", "a return visit found the resident satisfied"),
        verdicts.visited_satisfaction, RESULTS, ("not-visited",),
    ),
    Measure(
        "agreement", Words("自评与回访一致率", "Own rating agrees with the visit"),
        Words("本人评价与回访结论一致", "the resident's own rating and the visit say the same"),
        verdicts.agreement, RESULTS, ("not-visited", "not-self-rated", "flood"),
    ),
    Measure(
        "on_time", Words("按期率", "On time"),
        Words("每一承办单位均在时限内办结,延期按新时限", "finished within the holder's limit, as extended"),
        timeliness.on_time, DUE, ("no-limit", *GONE),
    ),
    Measure(
        "on_time_excluding_extended", Words("按期率(不含延期)", "On time (without extended)"),
        Words("未延期而按期办结", "finished within the limit as first set"),
        timeliness.on_time_unextended, DUE, ("extended", "no-limit", *GONE),
    ),
    Measure(
        "within_case_limit", Words("全程按期率", "Within the case's limit"),
        Words("自上报起在案件总时限内办结", "finished within the limit that began with the report"),
        timeliness.within_case_limit, RESULTS, ("no-limit",),
    ),
    Measure(
        "reopening", Words("重办率", "Share reopened"),
        Words("本期某次结果后因低评重办", "a result of the period was later reopened"), verdicts.reopening, RESULTS,
    ),
    Measure(
        "bounced", Words("退回占比", "Share returned"),
        Words("至少被退回一次", "returned at least once"), verdicts.bounced, ACCEPTED,
    ),
    *(_settled_at(level) for level in Level),
)  # fmt: skip
BY_NAME: Mapping[str, Measure] = {measure.name: measure for measure in MEASURES}
RATES = tuple(measure for measure in MEASURES if measure.is_rate)
COUNTS = tuple(m for m in MEASURES if not m.is_rate or m.name == "on_time")
"""On time is told as a number too: the rate's numerator."""


class Span(NamedTuple):
    """A row of the table of times: from when to when, in hours; elapsed and working."""

    name: str
    label: Words
    between: Callable[[View], tuple[datetime, datetime] | None]


def _between(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime] | None:
    return (since, until) if since is not None and until is not None and until >= since else None


def _response(view: View) -> tuple[datetime, datetime] | None:
    words = [h.responded_at for h in view.arrivals if h.responded_at is not None]
    return _between(view.arrived_at, min(words)) if words else None


def _signing(view: View) -> tuple[datetime, datetime] | None:
    first = next((holding for holding in view.arrivals if holding.signed_at), None)
    return _between(first.since, first.signed_at) if first else None


def _handling(view: View) -> tuple[datetime, datetime] | None:
    return _between(view.result.since, view.result.until) if view.result else None


def _whole_way(view: View) -> tuple[datetime, datetime] | None:
    return _between(view.case.opened_at, view.result.until) if view.result else None


SPANS: tuple[Span, ...] = (
    Span("response_hours", Words("首次答复用时", "To the first word"), _response),
    Span("sign_hours", Words("签收用时", "To signing"), _signing),
    Span("handle_hours", Words("办理用时", "Handling, by the holder"), _handling),
    Span("case_hours", Words("全程用时", "From report to result"), _whole_way),
)
