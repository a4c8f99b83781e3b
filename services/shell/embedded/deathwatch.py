"""Run as ``python -I -S deathwatch.py PARENT COMMAND…``: become COMMAND, and die with PARENT.

A script of its own, since what happens between fork and exec must not be Python in a process with
threads. Linux remembers the request across the exec; elsewhere only `stop()` ends the command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        # Killed and not asked: a broker that is still shutting down would hold the lock of its
        # folder against the next start. What it acknowledged is on disk or in the page cache.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before Linux was asked to watch it
        sys.exit(0)
    try:
        os.execvp(command[0], command)
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
