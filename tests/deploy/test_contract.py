"""The contract under the tools of others: the official AsyncAPI parser, and their page in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from faststream.asgi import AsgiFastStream

from schemas.publish import PUBLISHED
from schemas.topics import TOPICS
from services.shell import contract
from services.shell.contract import VENDORED
from tests.deploy.browser import dom
from tests.deploy.serving import served
from tests.deploy.tools import TOOLS, node_package, run, tool

COMPONENT = {
    "asyncapi.js": "browser/standalone/index.js",
    "asyncapi.css": "styles/default.min.css",
}


def test_the_official_parser_takes_the_document_without_a_warning() -> None:
    node_package("@asyncapi/parser")
    said = run(tool("node"), TOOLS / "parse_asyncapi.mjs", PUBLISHED / "asyncapi.yaml")
    assert f"{len(TOPICS)} channels" in said


def test_a_document_with_a_fault_would_not_pass(tmp_path: Path) -> None:
    node_package("@asyncapi/parser")
    text = (PUBLISHED / "asyncapi.yaml").read_text("utf-8")
    faulty = tmp_path / "asyncapi.yaml"
    faulty.write_text(text.replace("action: receive", "action: overhear"), "utf-8")
    with pytest.raises(AssertionError, match="action"):
        run(tool("node"), TOOLS / "parse_asyncapi.mjs", faulty)


@pytest.mark.parametrize("name", COMPONENT)
def test_what_is_vendored_is_what_the_lock_file_names(name: str) -> None:
    theirs = node_package("@asyncapi/react-component") / COMPONENT[name]
    assert (VENDORED / name).read_bytes() == theirs.read_bytes(), "run deploy/tools/vendor"


async def test_a_browser_draws_the_page_with_every_topic() -> None:
    tool("chromium")
    app = AsgiFastStream(asgi_routes=contract.pages())
    async with served(app) as address:
        seen = await dom(f"{address}/asyncapi")
    assert all(f"receive-{t.name}" in seen or t.name in seen for t in TOPICS)
    assert "The contract needs JavaScript" not in seen
    assert "Publish" not in seen
