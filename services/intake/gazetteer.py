"""The names of a county's areas: free text comes in, the areas that it names go out.

    城关镇东南村三组  →  in full: 城关镇, 东南村委会        涧池军坝路口  →  by stem: 涧池镇

People leave out the office: 东南村委会 is 东南村, 南街社区居委会 is 南街社区; that is a name in full.
Without its last word (东南) it is a stem, which may be an ordinary word and proves little.

The one rule to remember: the longest name wins where one lies within another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from schemas.reference import Area
from schemas.rulebook import Rulebook
from services.intake.words import WordIndex

_OFFICE = re.compile("(?<=村)(?:民委员会|委会)$|(?<=社区)(?:居民委员会|居委会)$")
_LAST_WORD = re.compile("(?<=..)(?:村|社区|居民委员会|居委会|镇|乡|街道|街道办事处)$")
_ROAD = re.compile("[东西南北中]?[大小]?[路街巷道桥]")
"""After a village's stem these make it the name of a road: 解放路 need not be in 解放村."""


class Gazetteer:
    """The names of one version. Immutable once built."""

    def __init__(self, areas: Iterable[Area]) -> None:
        self.centres: list[Area] = []
        """The villages that carry coordinates."""
        self._full: dict[str, list[Area]] = {}
        self._stems: dict[str, list[Area]] = {}
        for area in areas:
            if area.kind != "county":
                self._add(area)
        self._index = WordIndex((*self._full, *self._stems))

    def _add(self, area: Area) -> None:
        if area.kind == "village" and area.lat is not None and area.lon is not None:
            self.centres.append(area)
        self._full.setdefault(_without_office(area.name), []).append(area)
        if area.kind != "grid" and (stem := _stem(area.name)):
            self._stems.setdefault(stem, []).append(area)

    def called(self, name: str, kind: str) -> list[Area]:
        """The areas that `name` and nothing else means; of `kind` where there are such."""
        short = _without_office(name)
        areas = self._full.get(short) or self._stems.get(short) or []
        return [area for area in areas if area.kind == kind] or areas

    def read(self, text: str) -> tuple[list[Area], list[Area]]:
        """The areas named in `text` in full, and those named by their stem."""
        folded = text.casefold()
        full, stems = list[Area](), list[Area]()
        for name, end in _longest(self._index.found(folded), folded):
            full += self._full.get(name, ())
            if name not in self._full:
                road = _ROAD.match(folded, end)
                stems += [area for area in self._stems[name] if area.kind == "town" or not road]
        return full, stems


@lru_cache(maxsize=16)
def gazetteer(book: Rulebook) -> Gazetteer:
    """The names of a rulebook's areas, indexed once a version."""
    return Gazetteer(book.reference.areas)


def is_telling(area: Area) -> bool:
    """Whether its stem is long enough to be no ordinary word: 李家台 is, 太平 is not."""
    return len(_stem(area.name)) >= 3


def _without_office(name: str) -> str:
    return _OFFICE.sub("", name.strip().casefold())


def _stem(name: str) -> str:
    """The name without its last word; empty where that leaves nothing else."""
    short = _without_office(name)
    return stem if (stem := _LAST_WORD.sub("", short)) != short else ""


def _longest(names: Iterable[str], text: str) -> Iterator[tuple[str, int]]:
    """Each name and where it ends, wherever it stands in `text` and in no longer name."""
    places = [(at, at + len(name), name) for name in names for at in _starts(name, text)]
    reach = 0
    for _, end, name in sorted(places, key=lambda place: (place[0], -place[1])):
        if end > reach:
            yield name, end
        reach = max(reach, end)


def _starts(name: str, text: str) -> Iterator[int]:
    at = text.find(name)
    while at >= 0:
        yield at
        at = text.find(name, at + 1)
