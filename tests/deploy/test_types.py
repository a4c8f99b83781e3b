"""The contract in other languages: types made of the JSON Schemas, and the Python package alone."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import datetime
from pathlib import Path

import orjson
import pytest

from schemas import ids
from schemas.publish import PUBLISHED
from services.shell.embedded import can_run_kafka, fetch_kafka
from tests.deploy.tools import ROOT, TOOLS, lacking, node_package, run, tool

SHOWN = ("report.submitted.v1", "update.submitted.v1", "assignment.created.v1", "scorecard.v1")


def schema(name: str) -> Path:
    return PUBLISHED / "json" / f"{name}.json"


@pytest.mark.parametrize("name", SHOWN)
def test_typescript_takes_the_sample_as_the_type_that_the_schema_makes(
    tmp_path: Path, name: str
) -> None:
    maker = node_package("json-schema-to-typescript") / "dist" / "src" / "cli.js"
    types = run(tool("node"), maker, schema(name))
    sample = (PUBLISHED / "samples" / f"{name}.json").read_text("utf-8")
    main = next(
        line.split()[2] for line in types.splitlines() if line.startswith("export interface")
    )
    (tmp_path / "use.ts").write_text(f"{types}\nexport const sample: {main} = {sample};\n", "utf-8")
    compiler = node_package("typescript") / "bin" / "tsc"
    run(tool("node"), compiler, "--noEmit", "--strict", tmp_path / "use.ts")


def test_typescript_refuses_a_message_of_another_type(tmp_path: Path) -> None:
    maker = node_package("json-schema-to-typescript") / "dist" / "src" / "cli.js"
    types = run(tool("node"), maker, schema("report.submitted.v1"))
    main = next(
        line.split()[2] for line in types.splitlines() if line.startswith("export interface")
    )
    (tmp_path / "use.ts").write_text(f'{types}\nexport const no: {main} = {{type: "other"}};\n')
    compiler = node_package("typescript") / "bin" / "tsc"
    with pytest.raises(AssertionError, match="TS2322|TS2739|TS2740"):  # noqa: RUF043 - alternatives
        run(tool("node"), compiler, "--noEmit", "--strict", tmp_path / "use.ts")


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The class path of what the schemas make, compiled beside Jackson, which Kafka brings."""
    node_package("quicktype-core")
    possible, why = can_run_kafka()
    if not possible:
        lacking(why)
    folder = tmp_path_factory.mktemp("java")
    run(
        tool("node"),
        TOOLS / "java_types.mjs",
        folder,
        *(f"{package(n)}={schema(n)}" for n in SHOWN),
    )
    sources = []
    for made in folder.glob("*.java"):  # one package each: Java wants its folder
        name, file = made.name.split("-", 1)
        target = folder / "gridcase" / name.lower()
        target.mkdir(parents=True, exist_ok=True)
        sources.append(made.rename(target / file))
    assert len(sources) > len(SHOWN)
    path = f"{folder / 'classes'}{os.pathsep}{fetch_kafka()}/*"
    lint = ("-Xlint:-options", "-d", folder / "classes", "-cp", path)
    run(tool("javac"), *lint, TOOLS / "ReadMessage.java", *sources)
    return path


def package(name: str) -> str:
    return name.title().replace(".", "").replace("-", "")


def read_by_java(java: str, name: str, message: bytes) -> list[str]:
    """Its id, type and time."""
    command = (tool("java"), "-cp", java, "ReadMessage", f"gridcase.{package(name).lower()}")
    return run(*command, given=message).split()


@pytest.mark.parametrize("name", SHOWN)
def test_java_reads_the_sample_into_the_class_that_the_schema_makes(java: str, name: str) -> None:
    sample = (PUBLISHED / "samples" / f"{name}.json").read_bytes()
    ours = orjson.loads(sample)
    identity, type, time = read_by_java(java, name, sample)
    assert (identity, type) == (ours["id"], name)
    assert datetime.fromisoformat(time) == datetime.fromisoformat(ours["time"])


def test_java_refuses_a_message_of_another_type(java: str) -> None:
    sample = (PUBLISHED / "samples" / "scorecard.v1.json").read_bytes()
    with pytest.raises(AssertionError, match="Cannot deserialize Type"):
        read_by_java(java, "report.submitted.v1", sample)


USE = """
import schemas, sys
from importlib.util import find_spec
from schemas import envelope, ids
from schemas.inputs import Report
from schemas.json_schemas import document
from schemas.publish import read_samples
from schemas.topics import PAYLOADS, REPORTS_SUBMITTED

assert schemas.__file__.startswith(sys.prefix), schemas.__file__
assert [name for name in ("services", "lab", "cli", "aiokafka") if find_spec(name)] == []
data = read_samples()[Report.TYPE]["data"]
report = Report.model_validate(data)
source = "/systems/mine"
written = envelope.write(envelope.Message(ids.derive("mine-1"), source, "mine-1", report.submitted_at, report))
read = envelope.read(written, PAYLOADS)
assert read.data == report and read.type == Report.TYPE and REPORTS_SUBMITTED.messages == (Report,)
assert "\u4e0a\u62a5" in document(Report)["description"]
print(read.subject, ids.case_id(report.source, report.report_id))
"""


def test_the_python_package_of_the_contract_is_a_wheel_that_writes_and_reads_a_report(
    tmp_path: Path,
) -> None:
    """In an environment of its own, with nothing but what the wheel asks for."""
    source = tmp_path / "source"
    shutil.copytree(ROOT / "schemas", source, ignore=shutil.ignore_patterns("__pycache__", "build"))
    pip = ("-m", "pip", "--disable-pip-version-check", "--quiet")
    run(sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", tmp_path, source)
    [wheel] = tmp_path.glob("gridcase_schemas-*.whl")
    run(sys.executable, "-m", "venv", tmp_path / "fresh")
    python = tmp_path / "fresh" / "bin" / "python"
    run(python, *pip, "install", wheel)
    said = run(python, "-I", "-c", USE, cwd=tmp_path).split()
    sample = orjson.loads((PUBLISHED / "samples" / "report.submitted.v1.json").read_bytes())["data"]
    assert said == ["mine-1", ids.case_id(sample["source"], sample["report_id"])]
