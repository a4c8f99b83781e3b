"""The habits of a county, as one readable file: what `gridcase fit` writes and `simulate` takes.

    arrivals   what comes in: how much of which kind, by month, weekday, hour, holiday and shock
    handling   how departments work: how long, what they return, sign, and how fast they can be
    residents  how people rate results

The rule to remember: **every figure says how many cases stand behind it**. A group with too few has
none of its own; it goes by the next wider one (`pooled` counts them), and the reader can see that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.inputs import Channel, ReporterKind
from schemas.reference import Level, Service, Urgency

Share = Annotated[float, Field(ge=0, le=1)]
Factor = Annotated[float, Field(ge=0)]
Hours24 = Annotated[tuple[Factor, ...], Field(min_length=24, max_length=24)]
Week = Annotated[tuple[Factor, ...], Field(min_length=7, max_length=7)]


class HabitsError(ValueError):
    """A file of habits cannot be used; the text names the file and the field."""


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(Part):
    """Where the figures are from. `digest` is the SHA-256 of the log."""

    log: str
    digest: str = ""
    events: int = 0
    cases: int = 0
    first: str = ""
    last: str = ""
    """The local days of the first and the last report."""
    half_life_days: float | None = None
    """A case so old counts half; None: all alike."""
    pooled: dict[str, int] = {}
    """How many groups were too small, by what they go by instead."""


class Kind(Part):
    """What comes in of one category."""

    category: str | None
    cases: int = 0
    per_day: Factor
    """On an ordinary day of an average month."""
    months: dict[int, Factor] = {}
    """Of the months that the log has; others go like the nearest of them."""
    week: Week | None = None
    hours: Hours24 | None = None
    """None: as the whole county."""


class Shock(Part):
    """Days on which much more came in of some kinds than usual: snow, a burst pipe."""

    month: int
    days: tuple[dict[str, Factor], ...]
    """Day by day, how many times the usual of each kind."""


class Arrivals(Part):
    kinds: tuple[Kind, ...] = Field(min_length=1)
    week: Week
    """Monday first; 1 is the average day."""
    hours: Hours24
    """Shares of the day, by local hour."""
    holiday: Factor = 1.0
    """What comes in on a closed weekday, in shares of an open one."""
    shocks: tuple[Shock, ...] = ()
    shock_days: int = 0
    days: int = 365
    """How many days the shocks were seen in."""
    areas: dict[str, Factor] = {}
    """Weights; empty: every grid alike, else every lowest area."""
    reporters: dict[ReporterKind, Share]
    channels: dict[Channel, Share]
    services: dict[Service, Share]
    urgencies: dict[Urgency, Share]


class Times(Part):
    """How long something took: the hours by which each of `steps` equal shares was done, an estimate
    that takes into account what was still open. Fewer hours than steps: the rest never was."""

    cases: int = 0
    working: bool = False
    """In working hours of the county's calendar; else round the clock."""
    hours: tuple[Factor, ...]
    steps: int = 100


class Returns(Part):
    share: Share = 0.0
    hours: Times | None = None
    reasons: dict[str, Share] = {}


class Handling(Part):
    """How one group of cases is handled: by department and category, or wider."""

    department: str | None = None
    category: str | None = None
    cases: int = 0
    resolve: Times
    returns: Returns = Returns()
    signs: Share = 0.0
    """Signed for by themselves, not only by being resolved."""
    signing: Times | None = None
    answers: Share = 0.0
    """A first word to the reporter before the result."""


class Capacity(Part):
    """The most that a department ended in any 24 hours."""

    department: str | None = None
    level: Level | None = None
    cases: int = 0
    per_day: Annotated[float, Field(gt=0)]


class Ratings(Part):
    """What residents say of results."""

    department: str | None = None
    cases: int = 0
    rated: Share = 0.0
    stars: Annotated[tuple[Share, ...], Field(min_length=5, max_length=5)] = (0, 0, 0, 0, 1)
    """Of 1 to 5 stars, in shares of those that rated."""
    hours: Times | None = None


class Triage(Part):
    hours: Times
    leads: dict[str, str] = {}
    """The department that triage mostly chose, by category."""


class Habits(Part):
    """All of a county's habits. `zone` is whose hours and days are meant."""

    version: Literal[1] = 1
    origin: Origin
    zone: str
    arrivals: Arrivals
    handling: tuple[Handling, ...] = Field(min_length=1)
    """From the most special to the widest, which has neither department nor category."""
    capacity: tuple[Capacity, ...] = ()
    ratings: tuple[Ratings, ...] = ()
    triage: Triage

    def handling_of(self, department: str, category: str | None) -> Handling:
        """The most special habit that there is."""
        found = self._index()
        for key in ((department, category), (None, category), (department, None)):
            if key in found:
                return found[key]
        return found[None, None]

    def ratings_of(self, department: str) -> Ratings:
        by = {each.department: each for each in self.ratings}
        return by.get(department) or by.get(None) or Ratings()

    def capacity_of(self, department: str, level: Level) -> float | None:
        """Cases in a day; None: as many as come."""
        for each in self.capacity:
            if each.department == department:
                return each.per_day
        widest = (e.per_day for e in self.capacity if e.department is None and e.level == level)
        return next(widest, None)

    def _index(self) -> dict[tuple[str | None, str | None], Handling]:
        return {(each.department, each.category): each for each in self.handling}


def read_habits(path: Path) -> Habits:
    """The habits in a file. Raises `HabitsError` with each fault."""
    try:
        found = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # nosec B506
        return Habits.model_validate(found)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise HabitsError(f"{path}: {error}") from error
    except ValidationError as error:
        faults = (
            f"{path}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False)
        )
        raise HabitsError("\n".join(faults)) from None


def habits_text(habits: Habits) -> str:
    """The file: YAML with short lists on one line each; equal habits give equal bytes."""
    told = habits.model_dump(mode="json", exclude_defaults=True)
    told = {"version": habits.version, **told}
    return "".join((*_comments(habits), yaml.safe_dump(
        told, allow_unicode=True, sort_keys=False, default_flow_style=None, width=100)))  # fmt: skip


def _comments(habits: Habits) -> Iterator[str]:
    origin = habits.origin
    yield "# The habits of a county, for `gridcase simulate --fit`. Made by `gridcase fit`.\n"
    if origin.cases:
        yield f"# {origin.cases:,} cases of {origin.first} to {origin.last}; "
        yield "times are quantiles in hours, shares lie between 0 and 1.\n"
