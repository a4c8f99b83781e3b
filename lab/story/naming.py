"""What codes and moments are called, in Chinese and in English, by one rulebook.

    code, moment ─► Names ─► words for people

The rule to remember: a code that the rulebook does not know is shown as it is, since cases outlive
versions; nothing is left out and nothing raises.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from lab.story.vocabulary import Words
from schemas.rulebook import Rulebook

WEEKDAYS = "一二三四五六日"


class Names:
    """Without a rulebook, codes are their own names and time is UTC."""

    def __init__(self, rules: Rulebook | None) -> None:
        self.rules = rules
        self.zone: tzinfo = ZoneInfo(rules.calendar().timezone) if rules else UTC

    # ── units, places, matters ───────────────────────────────────────────────────────────────

    def unit(self, code: str | None) -> Words:
        """A department. English names repeat from town to town, so they say whose it is."""
        found = self.rules.department(code) if self.rules and code else None
        if found is None:
            return Words(code or "无单位", code or "nobody")
        if not found.name_en:
            return Words(found.name, found.name)
        whose = "" if found.level == "county" else f" of {self.area(found.area)}"
        return Words(found.name, found.name_en + whose)

    def area(self, code: str) -> str:
        """One area's name as people say it, without the office: 盘龙村委会 is 盘龙村."""
        found = self.rules.area(code) if self.rules else None
        if found is None:
            return code
        if found.name.endswith("村委会"):
            return found.name.removesuffix("委会")
        return found.name.removesuffix("居委会")

    def place(self, code: str) -> str:
        """Town and village or grid: 蒲溪镇盘龙村; above the village, the area alone."""
        path = self.rules.path(code) if self.rules else ()
        towns = [area for area in path[1:] if area.kind == "town"]
        gap = "" if not towns or not towns[0].name.isascii() else ", "
        return gap.join([*(self.area(town.code) for town in towns), self.area(code)])

    def village(self, code: str) -> str:
        """The village that an area lies in, or the area itself where it is larger."""
        path = self.rules.path(code) if self.rules else ()
        return self.area(next((area.code for area in path if area.kind == "village"), code))

    def town(self, code: str) -> str | None:
        """The code of the town that an area lies in."""
        path = self.rules.path(code) if self.rules else ()
        return next((area.code for area in path if area.kind == "town"), None)

    def matter(self, category: str | None) -> Words:
        found = self.rules.category(category) if self.rules and category else None
        if found is None:
            return Words(category or "未分类事项", category or "unclassified")
        return Words(found.name, found.name_en or found.name)

    def reason(self, code: str | None) -> str:
        """A reason for pausing or returning, by its code or in the sender's own words."""
        if self.rules is None:
            return code or ""
        returns = {row.code: row.name for row in self.rules.reference.return_reasons}
        pauses = {row.code: row.name for row in self.rules.reference.pause_reasons}
        return (returns | pauses).get(code or "", code or "")

    # ── moments and spans ────────────────────────────────────────────────────────────────────

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone)

    def time(self, moment: datetime) -> str:
        """``07-04 09:12``, by the county's clocks."""
        return f"{self.local(moment):%m-%d %H:%M}"

    def day(self, moment: datetime) -> str:
        """``2022-07-04 周一 Mon``."""
        local = self.local(moment)
        return f"{local:%Y-%m-%d} 周{WEEKDAYS[local.weekday()]} {local:%a}"
