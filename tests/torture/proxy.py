"""A TCP proxy before each server, so that the network can be cut or made slow."""

from __future__ import annotations

import asyncio
from contextlib import suppress

CHUNK = 64 * 1024


class Proxy:
    """Listens on `port`, passes all on to `target`."""

    def __init__(self, port: int, target: int) -> None:
        self.port = port
        self.target = target
        self.delay = 0.0
        """Seconds that every piece takes longer, in each direction."""
        self.cut = False
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
        pumps = (self._pump(reader, back), self._pump(there, writer))
        for pump in pumps:
            task = asyncio.create_task(pump)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
        self._writers.discard(writer)
