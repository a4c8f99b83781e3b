"""Rules and alerts: valid, proved by examples, about metrics that exist, each with its runbook."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, generate_latest

from schemas.topics import SERVICES
from tests.deploy.tools import ROOT, run, tool

FOLDER = ROOT / "deploy" / "prometheus"
RUNBOOKS = [ROOT / "docs" / "operate" / f"runbooks{language}.md" for language in ("", ".zh")]
ASKED = re.compile(r"\bgridcase_[a-z0-9_]+")


def rules(file: str, kind: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / file).read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


ALERTS = {rule["alert"]: rule for rule in rules("alerts.yml", "alert")}
RECORDED = {rule["record"]: rule for rule in rules("recording.yml", "record")}
EXAMPLES = "\n".join(p.read_text("utf-8") for p in sorted((FOLDER / "tests").glob("*.yml")))


def shown() -> set[str]:
    """Every name that a service's `/metrics` may show."""
    for service in SERVICES:
        import_module(f"services.{service}.app")
    return {
        name
        for family in REGISTRY.collect()
        for suffix in ("", "_total", "_bucket", "_count", "_sum")
        if (name := f"{family.name}{suffix}").startswith("gridcase_")
    }


def test_prometheus_takes_the_configuration_and_the_rules() -> None:
    run(tool("promtool"), "check", "config", FOLDER / "prometheus.yml")
    files = [FOLDER / "recording.yml", FOLDER / "alerts.yml"]
    run(tool("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *files)


@pytest.mark.parametrize("file", sorted((FOLDER / "tests").glob("*.yml")), ids=lambda p: p.stem)
def test_the_rules_say_what_their_examples_say(file: Path) -> None:
    run(tool("promtool"), "test", "rules", file)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_has_an_example_in_which_it_fires_and_one_in_which_it_keeps_quiet(
    alert: str,
) -> None:
    examples = yaml.safe_load_all(EXAMPLES.replace("rule_files:", "---\nrule_files:"))
    said = [
        check["exp_samples"]
        for example in examples
        for test in example["tests"]
        for check in test.get("promql_expr_test", [])
        if f'alertname="{alert}"' in check["expr"]
    ]
    assert any(said)
    assert not all(said)


@pytest.mark.parametrize("page", RUNBOOKS, ids=lambda page: page.name)
@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_leads_to_its_section_of_the_runbooks(alert: str, page: Path) -> None:
    link = ALERTS[alert]["annotations"]["runbook_url"]
    assert link.endswith(f"/operate/runbooks/#{alert.lower()}")
    assert re.search(rf"^#+ {alert}$", page.read_text("utf-8"), re.MULTILINE)


def test_rules_ask_only_for_metrics_that_a_service_shows() -> None:
    recorded = {name.split(":")[1] for name in RECORDED}
    asked = {
        name
        for rule in [*ALERTS.values(), *RECORDED.values()]
        for name in ASKED.findall(rule["expr"])
    }
    assert asked - recorded - shown() == set()
    used = {m for rule in ALERTS.values() for m in re.findall(r"\w+:gridcase\w+:\w+", rule["expr"])}
    assert used <= RECORDED.keys()


def test_the_names_of_the_metrics_pass_the_linter() -> None:
    shown()
    lines = generate_latest(REGISTRY).decode().splitlines()
    said = run(tool("promtool"), "check", "metrics", given="\n".join([*lines, ""]).encode())
    assert said.strip() == ""
