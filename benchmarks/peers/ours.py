"""`python -m benchmarks.peers.ours --port PORT`: the task as a service of ours: the shell, another decider."""

from __future__ import annotations

import sys

from benchmarks.peers.task import DECIDER
from services.shell.app import serve
from services.shell.runtime import Service
from services.shell.settings import Settings

if __name__ == "__main__":
    serve(Service(DECIDER), Settings().model_copy(update={"port": int(sys.argv[2])}))
