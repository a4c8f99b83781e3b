"""What all pages are made of: languages, links, escaped text, numbers as people read them.

The rule to remember: **text from data is escaped where it enters a page** (`esc`), so that a name
cannot break out of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape
from typing import Literal, NamedTuple, TypeAlias, get_args
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from schemas.outputs import Rate, Scorecard
from services.rating.measures import Words

Lang: TypeAlias = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)


class View(NamedTuple):
    """How a page is to be shown: its language, its period, and whether that is chosen by hand."""

    lang: Lang
    period: str
    zone: str
    as_of: str | None = None

    def say(self, words: Words | tuple[str, str]) -> str:
        """The words in the page's language, escaped."""
        return esc(words[0] if self.lang == "zh" else words[1])

    def link(self, page: str, **asked: str | int | None) -> str:
        """The address of a page, in the same language and period, escaped for an attribute."""
        everything: dict[str, str | int | None] = {"period": self.period, "as_of": self.as_of}
        everything |= {"lang": self.lang if self.lang != "zh" else None} | asked
        query = {name: value for name, value in everything.items() if value is not None}
        return esc(f"{page}?{urlencode(query)}" if query else page)

    def at(self, moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"

    def day(self, moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo(self.zone)):%Y-%m-%d}"

    def name(self, card: Scorecard) -> str:
        return self.say((card.name, card.name_en or card.name))


def esc(text: str) -> str:
    return escape(text, quote=True)


def percent(rate: Rate) -> str:
    """Rounded down to a tenth: only all of them are 100 %. A dash where there are none."""
    if not rate.denominator:
        return "–"
    tenths = rate.numerator * 1000 // rate.denominator
    return f"{tenths // 10}.{tenths % 10}%"


def points(change: float) -> str:
    """A difference of two shares, in percentage points with its sign."""
    return f"{change * 100:+.1f}"


def hours(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} h"


def listed(items: Iterable[str]) -> str:
    return "".join(f"<li>{item}</li>" for item in items)


def case_number(text: str) -> str:
    """A case's number as people read it out: the first ten digits of its id, in two parts."""
    digits = text.replace("-", "")[:10]
    return f"{digits[:5]}-{digits[5:]}"


def moment_of(text: str) -> datetime:
    """A moment with its zone. ValueError for anything else; a blank is a plus that a link lost."""
    moment = datetime.fromisoformat(text.replace(" ", "+"))
    if moment.tzinfo is None:
        raise ValueError("as_of needs a zone, such as 2022-08-01T00:00:00+08:00")
    return moment.astimezone(UTC)
