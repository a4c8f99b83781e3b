"""What a stranger writes is text, wherever it comes out: page, table, log, XML, path."""

from __future__ import annotations

import ast
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import orjson
import pytest

from services.rating import api
from services.rating.measures import RATES, SPANS
from services.shell.limits import MOST_BYTES, limited
from services.shell.logs import JsonLines
from tests.served import application, as_bytes

ROOT = Path(__file__).parents[2]
SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
BOMB = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]><a>&b;</a>'
KEY = "k" * 20
PARSERS = {"xml.etree", "xml.dom", "xml.sax", "lxml", "xml.etree.ElementTree", "xmltodict"}
WRITING = {"Element", "SubElement", "tostring", "escape", "quoteattr"}


@pytest.mark.parametrize(
    "page", ["/?find=", "/progress?case=", "/unit?scope=county&id=", "/?period="]
)
async def test_markup_in_a_question_is_shown_and_not_obeyed(page: str) -> None:
    answer = await application("rating").ask("GET", page + quote(SCRIPT))
    assert b"<script>alert" not in answer.body or answer.headers[b"content-type"].startswith(
        b"application/json"
    )
    assert b"onerror=alert(1)>" not in answer.body or b"json" in answer.headers[b"content-type"]
    assert answer.headers[b"x-content-type-options"] == b"nosniff"
    assert b"default-src" in answer.headers[b"content-security-policy"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_that_looks_like_a_formula_is_text_in_a_table(text: str) -> None:
    about: dict[str, Any] = dict.fromkeys(api.ABOUT, text)
    rates = {m.name: SimpleNamespace(numerator=0, denominator=0, excluded={}) for m in RATES}
    times = {s.name: {"elapsed": {"p50": 1, "p90": 1}} for s in SPANS}
    card: Any = SimpleNamespace(
        **about, counts={}, rates=rates, stars={"n": 0, "mean": 0}, times=times
    )
    first = api.as_csv([card]).decode("utf-8-sig").split("\n", 1)[1]
    assert first.lstrip('"').startswith("'")


@pytest.mark.parametrize(
    "text", ['a\n{"level":"critical"}', "\x1b[2J", "\u202e", "\udce8", "\r\n\r\n"]
)
def test_a_line_of_the_log_is_one_line_whatever_is_in_it(text: str) -> None:
    record = logging.LogRecord("services", logging.WARNING, "f", 1, "set aside: %s", (text,), None)
    line = JsonLines("intake").format(record)
    assert "\n" not in line
    assert "\x1b" not in line
    assert orjson.loads(line)["level"] == "warning"


def test_xml_is_written_and_never_read() -> None:
    """So no entity is ever expanded: there is no parser to do it."""
    for package in ("schemas", "services", "lab", "cli"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("xml"):
                    assert {name.name for name in node.names} <= WRITING, path
                if isinstance(node, ast.Import):
                    assert not {name.name for name in node.names} & PARSERS, path


async def test_a_bomb_of_entities_is_not_even_opened() -> None:
    app = application("intake", api_keys=f"{KEY}=app")
    headers = as_bytes(content_type="text/xml", x_api_key=KEY)
    answer = await app.ask("POST", "/open311/v2/requests.xml", BOMB, headers)
    assert answer.status == 400
    assert b"aaaaaaaaaa" not in answer.body


@pytest.mark.parametrize(
    ("service", "path", "size"),
    [
        ("intake", "/reports", MOST_BYTES + 1),
        ("intake", "/open311/v2/requests.json", 64 * 1024 + 1),
        ("intake", "/erase", 4097),
        ("router", "/triage/decisions", MOST_BYTES + 1),
    ],
)
async def test_a_body_without_a_length_is_counted_as_it_comes(
    service: str, path: str, size: int
) -> None:
    app = application(service, api_keys=f"{KEY}=app")
    headers = as_bytes(x_api_key=KEY, content_type="application/x-www-form-urlencoded")
    answer = await app.ask("POST", path, b"a" * size, headers, chunks=9)
    assert answer.status == 413
    assert app.broker.sent == []


@pytest.mark.parametrize(
    "path", ["/asyncapi/../../etc/passwd", "/asyncapi/%2e%2e/settings.py", "/asyncapi/app.py"]
)
async def test_no_path_leads_out_of_what_is_served(path: str) -> None:
    assert (await application("rating").ask("GET", path)).status == 404


async def test_of_an_endless_body_no_more_is_read_than_may_come() -> None:
    read, answers = 0, []

    async def receive() -> dict[str, Any]:
        nonlocal read
        read += 1
        return {"type": "http.request", "body": b"a" * 100, "more_body": read < 1_000}

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    async def takes_all(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive())["more_body"]:
            pass

    scope = {"type": "http", "query_string": b"", "headers": []}
    await limited(takes_all, most=500)(scope, receive, send)
    assert (read, answers[0]["status"]) == (6, 413)
