"""A TCP proxy before each server, so that the network can be cut or made slow, and answers lost."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

CHUNK = 64 * 1024


@dataclass(slots=True)
class Talk:
    """One client's connection."""

    doomed: bool = False
    """It breaks before the next answer."""


class Proxy:
    """Listens on `port`, passes all on to `target`."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self.delay = 0.0
        """Seconds that every piece takes longer, in each direction."""
        self.cut = False
        self.loses: bytes | None = None
        """The answer to a request with these bytes is lost: the server has it, and does it."""
        self.lost = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        self._server.close()
        self.breaks()
        for task in self._tasks:
            task.cancel()

    def cuts(self) -> None:
        """All connections break, and new ones are refused."""
        self.cut = True
        self.breaks()

    def breaks(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    def mends(self) -> None:
        self.cut = False
        self.delay = 0.0
        self.loses = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        talk = Talk()
        pumps = (self._asks(reader, back, talk), self._answers(there, writer, talk))
        for pump in pumps:
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _asks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: Talk
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                talk.doomed |= self.loses is not None and self.loses in data
                await self._passes(data, writer)
        self._ends(writer)

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: Talk
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if talk.doomed:
                    self.lost += 1
                    break
                await self._passes(data, writer)
        self._ends(writer)

    async def _passes(self, data: bytes, writer: asyncio.StreamWriter) -> None:
        if self.delay:
            await asyncio.sleep(self.delay)
        writer.write(data)
        await writer.drain()

    def _ends(self, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()
        self._writers.discard(writer)
