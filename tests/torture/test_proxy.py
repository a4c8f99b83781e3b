"""The proxy does to a connection what a test of outages needs: this it must be trusted with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.shell.embedded.child import choose_port
from tests.torture.proxy import Proxy


class Echo:
    """A server that remembers what it was asked, and says it again."""

    def __init__(self) -> None:
        self.heard = b""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1_000):
            self.heard += data
            writer.write(data)
        writer.close()


@pytest.fixture
async def proxied() -> AsyncIterator[tuple[Proxy, Echo]]:
    echo, proxy = Echo(), Proxy(choose_port(), choose_port())
    server = await asyncio.start_server(echo.serve, "127.0.0.1", proxy.target)
    await proxy.start()
    yield proxy, echo
    await proxy.stop()
    server.close()


async def answer(proxy: Proxy, said: bytes) -> bytes:
    """What comes back; nothing, if the connection breaks first."""
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    writer.write(said)
    try:
        return await reader.read(1_000)
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


async def test_what_is_said_is_passed_on_and_answered(proxied: tuple[Proxy, Echo]) -> None:
    proxy, _ = proxied
    assert await answer(proxy, b"a question") == b"a question"


async def test_an_answer_is_lost_though_the_server_has_done_it(
    proxied: tuple[Proxy, Echo],
) -> None:
    proxy, echo = proxied
    proxy.loses = b"write"
    assert await answer(proxy, b"please write") == b""
    assert (echo.heard, proxy.lost) == (b"please write", 1)
    assert await answer(proxy, b"please read") == b"please read"


async def test_a_cut_network_takes_no_connection_until_it_is_mended(
    proxied: tuple[Proxy, Echo],
) -> None:
    proxy, echo = proxied
    proxy.cuts()
    assert await answer(proxy, b"is anybody there?") == b""
    assert echo.heard == b""
    proxy.mends()
    assert await answer(proxy, b"again") == b"again"
