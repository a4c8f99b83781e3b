"""The tools that only tests want: validators, clients of other languages.

`deploy/tools/install` brings them. Where one truly cannot be had its tests are skipped and say what
was not checked; with ``CI=true`` that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / "deploy" / "tools"
OWN = TOOLS / "bin"
NOTHING: Mapping[str, str] = MappingProxyType({})
INSTALL = "run make tools"


def lacking(what: str) -> NoReturn:
    """Skip, or fail where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing: {INSTALL}")
    pytest.skip(f"NOT CHECKED, for want of {what}: {INSTALL}")


def tool(name: str) -> str:
    """The path of a program, the project's own copy first."""
    found = shutil.which(name, path=f"{OWN}{os.pathsep}{os.environ['PATH']}")
    return found or lacking(name)


def module(name: str) -> Any:
    """A Python package of the extras `deploy`, `docs` or `tracing`."""
    try:
        return import_module(name)
    except ImportError:
        return lacking(f"the Python package {name.partition('.')[0]}")


def node_package(name: str) -> Path:
    """The folder of an npm package that `deploy/tools/package-lock.json` names."""
    folder = TOOLS / "node_modules" / name
    tool("node")
    return folder if folder.is_dir() else lacking(f"the npm package {name}")


def run(
    *command: str | Path, given: bytes = b"", cwd: Path = ROOT, more: Mapping[str, str] = NOTHING
) -> str:
    """What the program prints; its own words are the failure if it ends otherwise than with 0."""
    done = subprocess.run(
        [str(part) for part in command],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=cwd,
        env={**os.environ, **more},
        check=False,
    )
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{said}"
    return said
