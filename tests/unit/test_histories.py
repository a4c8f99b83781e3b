"""Committed histories are decided again by today's code: no decision changes without a page that says so.

A page in docs/decisions explains a change with a line of its own, which lapses when the history is renewed:

    Decides otherwise than `hanyin-1`: `case.warned.v1`, `case.deadline-set.v1`.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import orjson
import pytest

from lab.replay.verifying import DECISIONS, Verified, verify
from schemas.rulebook import Rulebooks
from tests.histories.making import log_of, names, rules_of

PAGES = Path(__file__).parents[2] / "docs/decisions"
EXPLAINS = re.compile(
    r"^Decides otherwise than `(?P<history>[\w-]+)`: (?P<types>.+)$", re.MULTILINE
)
RENEW = """
{found}

{number} decisions of the history {name} come out otherwise, and no decision record explains it.
If that is not meant, the change at hand is a fault: logs that exist would be decided otherwise.
If it is meant, say so in a page of docs/decisions, with the line
    Decides otherwise than `{name}`: {types}.
or, where the page is written, renew the history: python -m tests.histories"""


def explained(name: str, pages: Path = PAGES) -> set[str]:
    """The types of events whose change some page explains."""
    found = (EXPLAINS.finditer(page.read_text("utf-8")) for page in sorted(pages.glob("*.md")))
    lines = [match for matches in found for match in matches if match["history"] == name]
    return {kind for line in lines for kind in re.findall(r"`([^`]+)`", line["types"])}


def unexplained(name: str, found: Verified, pages: Path = PAGES) -> str | None:
    """What to say of changes that nothing explains; None if there are none."""
    types = sorted(set(found.otherwise) - explained(name, pages))
    if not types:
        return None
    first = [each for each in found.shown if each.promise == DECISIONS and each.event in types]
    return RENEW.format(
        found="\n".join(map(str, first[:5])),
        number=sum(found.otherwise[kind] for kind in types),
        name=name,
        types=", ".join(f"`{kind}`" for kind in types),
    )


@pytest.mark.parametrize("name", names())
def test_todays_code_decides_a_history_as_it_was_decided(name: str) -> None:
    found = verify(log_of(name), Rulebooks([rules_of(name)]))
    assert (fault := unexplained(name, found)) is None, fault
    assert set(found.broken) <= {DECISIONS}, found.shown


@pytest.mark.parametrize("name", names())
def test_a_history_has_all_that_happens_in_a_county(name: str) -> None:
    lines = gzip.decompress(log_of(name).read_bytes()).splitlines()
    happened = {orjson.loads(line)["type"].split(".")[1] for line in lines}
    usual = {
        "opened", "confirmed", "assigned", "signed", "returned", "progressed", "paused", "resumed",
        "resolved", "feedback-given", "deadline-set", "warned", "overdue", "escalated",
        "supervised", "rated", "reopened", "closed", "triage-requested",
    }  # fmt: skip
    assert usual - happened == set()


def test_a_change_that_no_page_explains_says_what_to_do(tmp_path: Path) -> None:
    found = changed()
    fault = unexplained("hanyin-1", found, tmp_path)
    assert fault is not None
    assert "python -m tests.histories" in fault and "`case.deadline-set.v1`" in fault
    assert f"line {found.shown[0].line}: " in fault


def test_a_page_explains_a_change_until_the_history_is_renewed(tmp_path: Path) -> None:
    page = tmp_path / "0099-more-time.md"
    kinds = ", ".join(f"`{kind}`" for kind in changed().otherwise)
    page.write_text(f"# 99. More time\n\nDecides otherwise than `hanyin-1`: {kinds}.\n")
    assert unexplained("hanyin-1", changed(), tmp_path) is None
    assert unexplained("hanyin-2", changed(), tmp_path) is not None


def changed() -> Verified:
    """The history under rules that give another limit to everything usual."""
    name = names()[0]
    reference = rules_of(name)
    usual = reference.deadlines[0].model_copy(update={"resolve": "30wd"})
    other = reference.model_copy(update={"deadlines": (usual, *reference.deadlines[1:])})
    return verify(log_of(name), Rulebooks([other]))
