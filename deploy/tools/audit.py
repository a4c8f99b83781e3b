"""`make audit`: what the sources do that one should not, what nobody should have committed, what the
image is made of, and what is known against it.

    sources ─► bandit            tracked files ─► detect-secrets
    requirements.lock ─► cyclonedx ─► run/sbom.json, valid     ─► pip-audit ─► known holes

The rule to remember: **what was not checked is said, and is no success**. Where PyPI's advisories do
not answer, the last line says so; the rest fails loudly.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
LOCK = ROOT / "deploy" / "requirements.lock"
SBOM = ROOT / "run" / "sbom.json"
SOURCES = ("schemas", "services", "lab", "cli")
MADE = (".svg", ".gz", ".lock", ".model", "package-lock.json")
"""Not written by hand: hashes, pictures, weights."""
MADE_IN = ("services/shell/vendored/", "schemas/published/")


def main() -> int:
    steps = (sources, secrets, bill_of_materials, advisories)
    return max([step() for step in steps])


def sources() -> int:
    """Nothing of medium severity or worse."""
    return _said("bandit", _run("bandit", "-q", "-ll", "-r", *SOURCES))


def secrets() -> int:
    """Nothing that looks like a key or a password, but for what a line says is none."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [f for f in listed.stdout.splitlines() if not f.endswith(MADE)]
    written = [f for f in files if not f.startswith(MADE_IN)]
    return _said(f"secrets in {len(written)} files", _run("detect-secrets-hook", *written))


def bill_of_materials() -> int:
    """What the image holds, in CycloneDX, by its own schema."""
    SBOM.parent.mkdir(exist_ok=True)
    command = ("requirements", str(LOCK), "--pyproject", "pyproject.toml", "--validate")
    done = _run("cyclonedx-py", *command, "--of", "JSON", "-o", str(SBOM))
    return _said(f"bill of materials, {SBOM.relative_to(ROOT)}", done)


def advisories() -> int:
    """Known holes of what the image holds, from PyPI's advisories."""
    command = ("-r", str(LOCK), "--require-hashes", "--disable-pip", "--progress-spinner", "off")
    done = _run("pip-audit", *command, "--format", "json", "--timeout", "15")
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        packages = []
    checked = [package for package in packages if "skip_reason" not in package]
    holes = [(p["name"], v["id"]) for p in checked for v in p["vulns"]]
    if not checked:
        print("advisories           NOT CHECKED: they do not answer here; run it where PyPI does")
        return 0
    print(
        f"advisories           {len(checked)} of {len(packages)} packages, {len(holes)} known holes"
    )
    for name, hole in holes:
        print(f"  {name}: {hole}")
    return 1 if holes else 0


def _run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(BIN / program), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def _said(what: str, done: subprocess.CompletedProcess[str]) -> int:
    print(f"{what:40} {'well' if done.returncode == 0 else 'NOT WELL'}", flush=True)
    if done.returncode:
        print(done.stdout + done.stderr)
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
