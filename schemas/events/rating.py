"""rating: what people think of a result, and what follows."""

from __future__ import annotations

from typing import Literal

from schemas.envelope import Instant
from schemas.events.base import CaseEvent, Count
from schemas.inputs import RatedBy


class Rated(CaseEvent):
    """What somebody thinks of a result: 1 to 5 stars, and whether the matter is solved."""

    TYPE = "case.rated.v1"
    WRITER = "rating"

    holding: str
    rating_id: str
    at: Instant
    by: RatedBy
    stars: Count
    solved: bool | None = None
    comment: str | None = None
    department: str | None = None
    rater: str | None = None
    """A pseudonym that joins a person's ratings without naming the person."""


class RatingRefused(CaseEvent):
    """A rating of a case that had no result to rate."""

    TYPE = "case.rating-refused.v1"
    REFUSAL = True
    WRITER = "rating"

    rating_id: str
    by: RatedBy
    stars: Count
    refusal: str


class Reopened(CaseEvent):
    """A low rating within its window: the same department again, with a shorter limit; the second
    time, one level up."""

    TYPE = "case.reopened.v1"
    WRITER = "rating"
    RULED = True

    holding: str
    because: str
    """The id of the `case.rated` event."""
    nth: Count
    climbs: bool


class Closed(CaseEvent):
    """Nobody has objected for long enough: the case is over 结案."""

    TYPE = "case.closed.v1"
    WRITER = "rating"
    RULED = True

    holding: str
    how: Literal["silence", "rated"]
