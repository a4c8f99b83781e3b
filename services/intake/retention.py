"""Retention: contacts of cases that ended long ago are destroyed, by the policy of the rules.

    states of this instance's cases, now ─► case ids whose keys are destroyed

The rule to remember: **what was sealed goes, what was decided stays**. The key of every report of
the case is destroyed and leaves a tombstone in the vault; the log keeps its masked words.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from schemas import ids
from schemas.reference import elapsed
from schemas.rulebook import Rulebooks
from services.intake.state import State


def contacts_of(case: str, state: State) -> tuple[str, ...]:
    """The ids under which the contacts of a case are sealed: its own, and those of the reports that
    joined it."""
    joined = (ids.case_id(report.source, report.report_id) for report in state.reports)
    return tuple(dict.fromkeys((case, *joined)))


def expired(cases: dict[str, State], rulebooks: Rulebooks, now: datetime) -> Iterator[str]:
    """The ids whose keys are to be destroyed by now, by the rules in force now."""
    kept = rulebooks.at(now).settings.keep_contacts
    if kept is None:
        return
    limit = now - elapsed(kept)
    for case, state in cases.items():
        if state.ended is not None and state.ended <= limit:
            yield from contacts_of(case, state)
