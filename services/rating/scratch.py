"""Scratch paper: a private file for what is many and seldom looked at, so that it is not in memory.

    scratch("CREATE TABLE …") ─► a connection of SQLite's to a file that nobody else sees

The file has no name and is gone with whoever held it. SQLite keeps a few megabytes at hand and begins
the file when these do not do (in ``SQLITE_TMPDIR``, else ``/var/tmp``, else ``/tmp``).

The rule to remember: **nothing stands here alone**: all of it follows from the log, and is made again.
"""

from __future__ import annotations

import sqlite3

AT_HAND = 2_000
"""Kilobytes of a file that stay in memory."""


def scratch(*tables: str) -> sqlite3.Connection:
    """An empty file with these tables. One at a time may use it, from whichever thread."""
    file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
    file.execute(f"PRAGMA cache_size = -{AT_HAND}")
    file.execute("PRAGMA journal_mode = OFF")
    for table in tables:
        file.execute(table)
    file.execute("BEGIN")  # and never an end: there is nobody to whom it would matter
    return file
