"""Speech into words, by whatever recogniser stands behind an HTTP address."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from schemas.inputs import Report
from services.intake.transcribing import HttpTranscriber, with_words
from tests.story import START

RECORDING = {"uri": "https://example.org/1.amr", "media_type": "audio/amr"}
PICTURE = {"uri": "https://example.org/1.jpg", "media_type": "image/jpeg"}


def report(*attachments: dict[str, Any]) -> Report:
    return Report.model_validate(
        {
            "report_id": "1",
            "source": "s",
            "submitted_at": START,
            "text": "听语音",
            "attachments": attachments,
            "reporter": {"kind": "resident", "id": "u"},
        }
    )


@contextmanager
def recogniser(answer: bytes, status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    """A local server that answers everything alike, and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()


async def test_a_recording_without_words_gets_them_and_nothing_else_is_sent_away() -> None:
    spoken = RECORDING | {"transcript": "已有文字"}
    with recogniser(json.dumps({"transcript": "路灯坏了"}).encode()) as (url, asked):
        (heard,) = await with_words([report(RECORDING, PICTURE, spoken)], HttpTranscriber(url))
    assert [a.transcript for a in heard.attachments] == ["路灯坏了", None, "已有文字"]
    assert asked == [RECORDING | {"language": "zh"}]


@pytest.mark.parametrize(
    ("answer", "status"),
    [(b"", 500), (b"no json", 200), (b"[]", 200), (b'{"transcript": 7}', 200), (b"{}", 200)],
)
async def test_without_an_answer_the_report_goes_on_as_it_is(answer: bytes, status: int) -> None:
    with recogniser(answer, status) as (url, _):
        (heard,) = await with_words([report(RECORDING)], HttpTranscriber(url))
    assert heard.attachments[0].transcript is None


async def test_where_nobody_listens_the_report_goes_on_as_well() -> None:
    (heard,) = await with_words([report(RECORDING)], HttpTranscriber("http://127.0.0.1:9/"))
    assert heard == report(RECORDING)
