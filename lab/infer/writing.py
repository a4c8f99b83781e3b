"""Inferred policies as ``deadlines.yaml``: a row each, with the share that it explains.

The rule to remember: **the file is made, not edited**: what history cannot tell (signing, climbing)
belongs in rows of a file of one's own making, and is not written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

from lab.infer.policies import Inferred
from schemas.reference import HandlingTimes
from schemas.rulebook import Rulebook

HEAD = """\
# How long each kind may take, as `gridcase sla infer` found it in {source}:
# 10wd working days, 30cd calendar days. Behind each row the share of the due times set while it held
# that it explains to the minute, and how many there were. `since` is when it began. Kinds without a
# row have no due time there. {climbing}
"""
NOBODY = (
    "Nobody stands above the departments, so nothing climbs: a passed\n# target is only recorded."
)
CLIMBING = "What is overdue climbs."


def write(policies: Iterable[Inferred], rules: Rulebook, source: str, into: Path) -> list[str]:
    """Write the file of a folder of reference data; the kinds that it does not know, left out."""
    known = [each for each in policies if rules.is_known_category(each.kind)]
    lines = [HEAD.format(source=source, climbing=CLIMBING if _climbs(rules) else NOBODY)]
    known.sort(
        key=lambda each: (_family(each, rules), each.kind, each.since is not None, each.since)
    )
    for family, rows in groupby(known, key=lambda each: _family(each, rules)):
        lines.append(f"# ---- {family}\n")
        lines += [f"{row}\n" for row in _rows(rows, rules)]
    (into / "deadlines.yaml").write_text("".join(lines), "utf-8")
    return sorted({each.kind for each in policies} - {each.kind for each in known})


def _rows(policies: Iterable[Inferred], rules: Rulebook) -> Iterator[str]:
    zone = ZoneInfo(rules.calendar().timezone)
    climbs = "" if _climbs(rules) else ", climbs: []"
    for each in policies:
        since = each.since.astimezone(zone) if each.since else None
        id = f"{each.kind}-{since:%Y-%m-%d}" if since else each.kind
        began = f', since: "{since.isoformat()}"' if since else ""
        told = f"{each.share:.0%} of {each.of:,}"
        yield (
            f"- {{id: {id}, category: {each.kind}, resolve: {each.duration}{began}{climbs}}}  # {told}"
        )


def _family(each: Inferred, rules: Rulebook) -> str:
    path = rules.category_path(each.kind)
    family = rules.category(path[-1]) if path else None
    return (family.name_en or family.name) if family else ""


def _climbs(rules: Rulebook) -> bool:
    """Whether any rule has somebody above the level that it starts at."""
    return any(len(rule.ladder) > 1 for rule in rules.reference.rules)


HANDLING_HEAD = """\
# How long cases took, as `gridcase sla learn` found it in {source}: `hours` after the assignment by
# which 5 %, 10 %, 15 % … of them were done, of each category and of each department in it. What is
# likely to be late is called by it: see `gridcase sla calibrate`.
"""


def write_handling(times: Iterable[HandlingTimes], rules: Rulebook, source: str, into: Path) -> int:
    """Write ``handling.yaml`` of a folder; how many rows were left out, of categories or departments
    that it does not know."""
    lines, left_out = [HANDLING_HEAD.format(source=source)], 0
    for row in times:
        unit = row.department
        if not rules.is_known_category(row.category) or (unit and not rules.department(unit)):
            left_out += 1
            continue
        whose = f", department: {unit}" if unit else ""
        counted = ", working: true" if row.working else ""
        hours = ", ".join(f"{hour:g}" for hour in row.hours)
        lines.append(
            f"- {{id: {row.id}, category: {row.category}{whose}, cases: {row.cases}, hours: [{hours}]{counted}}}\n"
        )
    (into / "handling.yaml").write_text("".join(lines), "utf-8")
    return left_out
