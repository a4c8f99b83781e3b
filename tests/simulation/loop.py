"""An event loop whose time is imagined, and whose processes can be killed or frozen at any await.

    call_soon, call_later ─► handles, each with the context of the process that asked for it
                               ├─ a dead process:   dropped, as after ``kill -9``; nothing is tidied
                               ├─ a frozen process: kept until it is thawed, as after SIGSTOP
                               └─ else:             run, in order of (time, sequence)

Time stands still while anything can run, and then jumps to the next moment that somebody waits for.
"""

from __future__ import annotations

import asyncio
import heapq
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar, copy_context
from typing import Any, Protocol, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Living(Protocol):
    """What the loop must know of a process."""

    name: str
    dead: bool
    frozen: bool
    parked: list[asyncio.Handle]

    def awaited(self) -> None:
        """One more of its handles is about to run: the moment to die, if that was the plan."""

    def speaks(self) -> None: ...

    def has_written(self) -> None: ...


PROCESS: ContextVar[Living | None] = ContextVar("process", default=None)


class Loop(asyncio.AbstractEventLoop):
    def __init__(self) -> None:
        self.now = 0.0
        self.handles = 0
        """How many have run: the measure of what a schedule costs."""
        self.errors: list[dict[str, Any]] = []
        self._ready: deque[tuple[asyncio.Handle, Living | None]] = deque()
        self._later: list[tuple[float, int, asyncio.Handle, Living | None]] = []
        self._count = 0
        self._tasks: list[asyncio.Task[Any]] = []
        """All of them, so that what the dead were at is not tidied up before the end."""

    # ── what asyncio asks of a loop ──────────────────────────────────────────────────────────

    def time(self) -> float:
        return self.now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        context = copy_context() if context is None else context
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append((handle, context.get(PROCESS)))
        return handle

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        context = copy_context() if context is None else context
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._count += 1
        heapq.heappush(self._later, (when, self._count, handle, context.get(PROCESS)))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What a process did not look at in time is no error of the simulator."""
        if context["message"].startswith("Exception in callback"):
            self.errors.append(context)

    # ── running ──────────────────────────────────────────────────────────────────────────────

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run until `main` is done. Raises RuntimeError when nothing is left that could happen."""
        events._set_running_loop(self)
        try:
            task: asyncio.Task[T] = self.create_task(main)
            while not task.done():
                if not self._ready:
                    self._leap()
                self._run_next()
            return task.result()
        finally:
            events._set_running_loop(None)

    def buries(self) -> None:
        """The end: nobody wakes up any more."""
        events._set_running_loop(self)
        try:
            for task in self._tasks:
                if not task.done():
                    task._log_destroy_pending = False  # type: ignore[attr-defined]
                    with suppress(RuntimeError):
                        task.get_coro().close()
                elif not task.cancelled():
                    task.exception()
        finally:
            events._set_running_loop(None)
        self._ready.clear()
        self._later.clear()
        self._tasks.clear()

    def _leap(self) -> None:
        """On to the next moment that somebody waits for."""
        if not self._later:
            raise RuntimeError("nothing is left that could happen")
        when, _, handle, process = heapq.heappop(self._later)
        self.now = max(self.now, when)
        if not handle.cancelled():
            self._ready.append((handle, process))

    def _run_next(self) -> None:
        if not self._ready:
            return
        handle, process = self._ready.popleft()
        if handle.cancelled():
            return
        if process is not None:
            process.awaited()
            if process.dead:
                return
            if process.frozen:
                process.parked.append(handle)
                return
        self.handles += 1
        handle._run()

    def thaw(self, process: Living) -> None:
        """All that came in while the process was frozen happens now, in its order."""
        self._ready.extend((handle, process) for handle in process.parked)
        process.parked.clear()
