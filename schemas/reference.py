"""Reference data: the rules, as data with a version and a start date.

A folder (``deploy/hanyin/``) is read into one `Reference`, checked, and published record by record
to the compacted topic ``reference`` under ``version/kind/id``; the ``manifest`` record comes last
and makes the version exist. Which version applies is chosen by the time of the cause.

Nothing but reference data knows the county: codes, names, rules and limits all live here.
Every model keeps extra fields, so that a county may annotate its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

CODE_PATTERN = r"^[a-z0-9][a-z0-9-]*$"
Code = Annotated[str, StringConstraints(pattern=CODE_PATTERN, max_length=64)]
"""Codes stand in topic names, so they hold no dot: lower-case letters, digits, hyphens."""

DURATION_PATTERN = r"^[1-9][0-9]*(m|h|wh|wd|cd)$"
Duration = Annotated[str, StringConstraints(pattern=DURATION_PATTERN)]
"""``30m`` minutes and ``2h`` hours round the clock, ``4wh`` working hours, ``3wd`` working days,
``15cd`` calendar days."""


UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "cd": timedelta(days=1)}


def elapsed(duration: Duration) -> timedelta:
    """``5m``, ``2h`` or ``1cd`` as a span of time. Raises KeyError for working time, which has no
    fixed length."""
    number = duration.rstrip("mhcdw")
    return int(number) * UNITS[duration.removeprefix(number)]


class Row(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class Level(StrEnum):
    """The three levels that handle cases, lowest first (村 镇 县)."""

    VILLAGE = "village"
    TOWN = "town"
    COUNTY = "county"

    @property
    def above(self) -> Level | None:
        return ABOVE[self]


ABOVE: dict[Level, Level | None] = {
    Level.VILLAGE: Level.TOWN,
    Level.TOWN: Level.COUNTY,
    Level.COUNTY: None,
}


class Service(StrEnum):
    """The five public services 民情直达."""

    EPIDEMIC = "epidemic"
    RISK = "risk"
    SENTIMENT = "sentiment"
    VIOLATION = "violation"
    DEPUTY = "deputy"


class Datum(StrEnum):
    """What coordinates refer to. Maps in China are shifted: GCJ-02 (Amap, Tencent, WeChat), BD-09
    (Baidu)."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


class Area(Row):
    """A node of the area tree: county → town → village → grid. ``parent`` is empty for the root."""

    code: Code
    name: str
    kind: Literal["county", "town", "village", "grid"]
    parent: Code | None = None
    grid_kind: Literal["village-committee", "villager-group", "by-proximity"] | None = None
    lat: float | None = None
    lon: float | None = None
    """The centre, in WGS-84."""
    outline: str | None = None
    """The border, as WKT in WGS-84, longitude first: ``POLYGON ((108.5 32.9, …))``."""


class Department(Row):
    """A unit that handles cases. ``kind`` is what rules name (``village-committee``); the unit of
    that kind whose ``area`` contains the grid is the one that a rule means there.

    A unit with an ``heir`` is abolished: rules mean it no longer, and the cases that it holds go to
    its heir. One that a version leaves out altogether leaves its cases to triage."""

    code: Code
    name: str
    name_en: str = ""
    kind: Code
    level: Level
    area: Code
    heir: Code | None = None


class Category(Row):
    """A kind of matter. Two levels: the parent of a leaf is its family; a family has no parent.

    ``mediation`` marks disputes 矛盾纠纷: they are resolved by a settlement, or passed up the
    ladder village → town → county. What a family is, its leaves are."""

    code: Code
    name: str
    name_en: str = ""
    parent: Code | None = None
    mediation: bool = False


HOURS_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$"
HoursOfDay = Annotated[str, StringConstraints(pattern=HOURS_PATTERN)]
"""``18:00-08:00``: local time from the first, included, to the second, which may be on the next
day; ``00:00-00:00`` is the whole day."""


class RoutingRule(Row):
    """Who handles what. The most specific rule wins: area (grid → village → town → county), then
    category (exact → parent → any), then service, urgency, hours of the day, days. An omitted
    condition is any.

    ``hours`` and ``days`` are local time by the first calendar: ``working`` days with their make-up
    days 调休, or ``free`` ones. ``ladder`` names the lead's unit at each level; the case starts at
    ``level`` and climbs it when it is late. A unit is named by its kind, as ``=code`` for one
    department, or as ``@id`` for whoever is on duty by a roster. ``assist`` are told and help;
    ``parts`` have a part of their own, which must be done or excused before the lead can resolve.
    ``legal_review`` marks matters that need one before they are resolved.
    """

    id: Code
    area: Code | None = None
    category: Code | None = None
    service: Service | None = None
    urgency: Urgency | None = None
    hours: HoursOfDay | None = None
    days: Literal["working", "free"] | None = None
    level: Level
    ladder: dict[Level, str]
    assist: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    legal_review: bool = False
    why: str = ""


class Roster(Row):
    """A duty roster 值班表: ``turns`` are units (a kind, or ``=code``) that take turns of ``each``
    days from ``start`` on, changing at ``at`` local time. ``instead`` names who is on duty for the
    day that begins on a date, whoever's turn it is."""

    id: Code
    start: date
    turns: tuple[str, ...] = Field(min_length=1)
    each: int = Field(1, ge=1)
    at: time = time(0)
    instead: dict[date, str] = Field(default_factory=dict)


class DeadlineKind(StrEnum):
    SIGN = "sign"
    RESPOND = "respond"
    RESOLVE = "resolve"
    CASE = "case"


class DeadlinePolicy(Row):
    """How long each deadline is. Rows match service, category, urgency, level and the household's
    tier, most specific first (category exact → parent → any, then service, urgency, level, tier);
    each kind of deadline is taken from the most specific row that names it. ``case`` is never bound
    to a level.

    ``climbs`` are the kinds whose overdue lifts the case one level; the others are only recorded.
    A row counts for clocks that start from ``since`` on; of rows with the same conditions, the one
    that began last. Clocks that run keep the limit they were set with.
    """

    id: Code
    service: Service | None = None
    category: Code | None = None
    urgency: Urgency | None = None
    level: Level | None = None
    tier: str | None = None
    """The reporter's household tier, as reports name it (关心户)."""
    since: AwareDatetime | None = None
    sign: Duration | None = None
    respond: Duration | None = None
    resolve: Duration | None = None
    case: Duration | None = None
    climbs: tuple[DeadlineKind, ...] = (DeadlineKind.RESOLVE,)
    climbs_to: Level | None = None
    """Where an overdue case goes at once, past the levels between; None: one level up."""


class DayHours(Row):
    """One working interval of a weekday, local time; several a day make a lunch break."""

    start: time
    end: time


class Calendar(Row):
    """Working time. ``week`` maps ``mon`` … ``sun`` to intervals; ``holidays`` names where public
    holidays come from: ``chinesecalendar`` (with make-up workdays 调休), ``holidays:US-MA`` (the
    library and region), or ``none``. ``closures`` and ``workdays`` are the county's own, and win.
    A make-up workday on a weekend uses the intervals of ``makeup_like``.
    """

    id: Code
    timezone: str
    week: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], tuple[DayHours, ...]]
    holidays: str = "none"
    closures: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()
    makeup_like: Literal["mon", "tue", "wed", "thu", "fri"] = "mon"
    working_day: Literal["same-time", "end-of-day"] = "same-time"
    """What ``wd`` means: ``same-time`` N openings later at the same time of day; ``end-of-day`` the
    close of the Nth working day after the start."""


class HandlingTimes(Row):
    """How long cases of a category took so far, with one department or with any: ``hours`` are the
    hours after the assignment by which 5 %, 10 %, 15 % … of them were done, as far as that is known.
    Learnt from history; what is likely to be late is called by it."""

    id: Code
    category: Code
    department: Code | None = None
    cases: int = Field(ge=1)
    """How many they are learnt from."""
    hours: tuple[Annotated[float, Field(ge=0)], ...] = Field(max_length=20)
    working: bool = False
    """Whether these are working hours; else hours round the clock. Working time, where the limit is
    counted so: three working days are longer over a weekend, and nobody is quicker for it."""


class PauseReason(Row):
    """A reason for which a holder may pause, and the most it may pause in total, if limited. A
    pause for a ``deliberation`` 两说一商 ends with the record of the meeting."""

    code: Code
    name: str
    limit: Duration | None = None
    deliberation: bool = False


class ReturnReason(Row):
    code: Code
    name: str


class KeywordRule(Row):
    """A category told by words in the text. The rule with the most words found wins, then the
    longest words together, then the order in the file. ``words`` are literal."""

    category: Code
    words: tuple[str, ...] = Field(min_length=1)
    service: Service | None = None


class Programme(Row):
    """A part of the county's work that is judged on its own 专项, whoever handles it. An omitted
    condition is any; a category stands for its leaves as well."""

    code: Code
    name: str
    name_en: str = ""
    source: str | None = None
    service: Service | None = None
    category: Code | None = None

    def concerns(self, source: str, service: Service | None, categories: Sequence[str]) -> bool:
        return (
            self.source in (None, source)
            and self.service in (None, service)
            and (self.category is None or self.category in categories)
        )


class PointRule(Row):
    """What a department's case adds to, or takes from, its points in the appraisal 考核. A case counts
    where ``measure`` of the table of measures says ``part`` of it."""

    code: Code
    name: str
    name_en: str = ""
    measure: str
    part: Literal["numerator", "missed", "excluded"] = "numerator"
    points: float
    """Per case; a mark against the department is negative."""
    mark: Literal["yellow", "red"] | None = None
    at_most: float | None = Field(None, gt=0)
    """The most that the rule may add or take in a month, if limited."""


class Duplicates(Row):
    """When a report is taken for one more word on a case that is open already."""

    window: Duration = "14cd"
    """How long after the case's last report."""
    likeness: float = Field(0.3, gt=0, le=1)
    """How alike the texts must be, 0 to 1, where both lie in the same grid or village."""
    likeness_elsewhere: float = Field(0.45, gt=0, le=1)
    """The same where one of the two is only known to lie in the other's town, or in the county."""
    least_characters: int = Field(8, ge=1)
    """Shorter texts say too little to be like any other."""


class Hotspots(Row):
    """When many reports of one kind in one town are a surge."""

    window: Duration = "1cd"
    least: int = Field(5, ge=2)
    """Reports within the window."""
    times: float = Field(3.0, gt=1)
    """And so many times the usual, by the four weeks before."""


class Settings(Row):
    """The windows and thresholds of a county."""

    warn_at: float = Field(0.7, gt=0, lt=1)
    """Share of a deadline's time after which the holder is warned."""
    remind_before: Duration | None = "1h"
    """A second warning, this long before the deadline (skipped where it is before the first)."""
    at_risk: float | None = Field(0.8, gt=0, lt=1)
    """A case is called at risk as soon as it is so likely to be late; null: never."""
    supervision_reminder: Duration | None = "1wd"
    """How long a department under supervision has before it is reminded; each wait after that is
    longer by as much, until it answers. None: no reminders."""
    returns_to_triage: int = Field(3, ge=1)
    """The return with this number goes to triage."""
    reopen_window: Duration = "7cd"
    """How long after `resolved` a low rating reopens the case."""
    silence_closes_after: Duration = "7cd"
    """Silence this long after `resolved` closes the case."""
    low_stars: int = Field(2, ge=1, le=4)
    """Ratings up to this many stars are low."""
    reopened_factor: float = Field(0.5, gt=0, le=1)
    """A reopened case's deadlines are this share of the usual ones."""
    clock_tolerance: Duration = "5m"
    """Under the wall clock, an `at` further than this from the broker's receipt time counts as
    the receipt time: nobody backdates."""
    earliest_report: date = date(2000, 1, 1)
    """Reports dated before this day are refused as a mistake."""
    future_tolerance: Duration = "1cd"
    """Reports dated further ahead than this are refused as a mistake."""
    minimum_sample: int = Field(5, ge=1)
    """Departments with fewer cases than this are shown, but not ranked."""
    household_styles: dict[str, str] = Field(default_factory=dict)
    """Household tier to how its matters are begun, in words for the department: 连心户 gets a
    visit first."""
    emergency_words: tuple[str, ...] = ()
    """Words in the text that make a report an emergency, unless its sender says otherwise."""
    urgent_words: tuple[str, ...] = ()
    keep_contacts: Duration | None = None
    """How long after its end a case's contacts are kept; then their keys are destroyed, and a
    tombstone stays. None: until somebody erases them."""
    duplicates: Duplicates | None = None
    """None: every report opens a case of its own."""
    hotspots: Hotspots | None = None
    """None: surges are not looked for."""
    programmes: tuple[Programme, ...] = ()
    """What has figures of its own beside areas, units, services and categories."""
    disputes: Code = "disputes"
    """The category under which disputes are."""
    publish_after: Duration | None = None
    """How long after its end a period's figures are taken and published, so that what its last cases
    brought about is in them; at once if left out. No working time."""
    ratings_a_day: int = Field(10, ge=1)
    """More residents' ratings than these from one person on one day are a flood, and none counts."""
    visit_share: float = Field(0.1, gt=0, le=1)
    """The share of each department's closed cases of a month that is visited again, at least."""
    visit_seed: str = "321"
    """With the month and the case's id it decides which: anybody can draw the sample again."""
    map: dict[Code, tuple[int, int]] = Field(default_factory=dict)
    """Where each town lies on the schematic map: column from the west, row from the north."""


class Manifest(Row):
    """The record that makes a version exist: how many records it has, and from when it applies."""

    version: Code
    effective_from: AwareDatetime
    name: str
    name_en: str = ""
    county: Code
    records: int = 0
    digest: str = ""


class Reference(BaseModel):
    """One version of all rules, as read from a folder or from the topic. Pure data; what answers
    questions about it (ancestors, the unit for a rule) is `schemas.rulebook`."""

    model_config = ConfigDict(frozen=True)

    manifest: Manifest
    areas: tuple[Area, ...]
    departments: tuple[Department, ...]
    categories: tuple[Category, ...]
    rules: tuple[RoutingRule, ...]
    deadlines: tuple[DeadlinePolicy, ...]
    calendars: tuple[Calendar, ...]
    pause_reasons: tuple[PauseReason, ...] = ()
    return_reasons: tuple[ReturnReason, ...] = ()
    keywords: tuple[KeywordRule, ...] = ()
    handling: tuple[HandlingTimes, ...] = ()
    appraisal: tuple[PointRule, ...] = ()
    rosters: tuple[Roster, ...] = ()
    settings: Settings = Settings()
