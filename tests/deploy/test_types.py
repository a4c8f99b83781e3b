"""The contract in other languages: types made of the JSON Schemas, and the Python package alone."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from schemas.publish import PUBLISHED
from tests.deploy.tools import ROOT, TOOLS, node_package, run, tool

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


def test_java_compiles_the_classes_that_the_schemas_make(tmp_path: Path) -> None:
    node_package("quicktype-core")
    pairs = [f"{n.title().replace('.', '').replace('-', '')}={schema(n)}" for n in SHOWN]
    run(tool("node"), TOOLS / "java_types.mjs", tmp_path, *pairs)
    sources = []
    for made in tmp_path.glob("*.java"):  # one package each: Java wants its folder
        name, file = made.name.split("-", 1)
        folder = tmp_path / "gridcase" / name.lower()
        folder.mkdir(parents=True, exist_ok=True)
        sources.append(made.rename(folder / file))
    assert len(sources) > len(SHOWN)
    run(tool("javac"), "-Xlint:-options", "-d", tmp_path / "classes", *sources)


def test_the_python_package_of_the_contract_stands_alone(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(ROOT / "schemas", source, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    run(*pip, "--disable-pip-version-check", "--target", str(target), str(source))
    program = (
        "import schemas, sys\n"
        "from schemas.inputs import Report\n"
        "from schemas.publish import read_samples\n"
        "assert schemas.__file__.startswith(sys.argv[1]), schemas.__file__\n"
        "Report.model_validate(read_samples()['report.submitted.v1']['data'])\n"
        "assert not any(name.split('.')[0] in ('services', 'lab', 'cli') for name in sys.modules)\n"
        "from schemas.json_schemas import document\n"
        "assert '\\u4e0a\\u62a5' in document(Report)['description']\n"
    )
    run(sys.executable, "-c", program, target, cwd=tmp_path, more={"PYTHONPATH": str(target)})
