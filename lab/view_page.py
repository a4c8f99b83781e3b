"""The page of a `MonthView`: head, towns, statuses, levels, pressure, the latest sentences.

    ┌ county ───────────────────────────── what time it is ┐   3 lines
    │ towns, with bars │ cases by status; levels; pressure │  13 lines
    │ late, escalated, supervised                          │   5 lines
    └ latest ──────────────────────────────────────────────┘   8 lines

The rule to remember: 29 lines and 100 columns, whatever happens; sentences that are too long are
cut, and of many towns the busiest are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
...
