"""What two cases of intake say to each other, by commands under the other's key.

A report's own case asks the open one to take it in (`AddReport`); that one answers by an event of
its own, and a report that it declined is opened (`OpenReport`). Parting goes the same way back.
"""

from __future__ import annotations

from typing import ClassVar

from schemas.commands import Command
from schemas.events import Opened


class AddReport(Command):
    """To the open case: take in this report."""

    TYPE: ClassVar[str] = "intake.add-report.v1"

    case: str
    """The report's own case id."""
    likeness: float
    report: Opened


class OpenReport(Command):
    """To the report's own case: the other declined it, so be a case."""

    TYPE: ClassVar[str] = "intake.open-report.v1"

    declined_by: str


class PartReport(Command):
    """To the case that took a report in: it is a case of its own now."""

    TYPE: ClassVar[str] = "intake.part-report.v1"

    case: str
    source: str
    report_id: str
