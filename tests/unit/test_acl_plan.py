"""Who may do what: generated from the topics table, and nothing beyond it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from schemas.topics import SERVICES, TOPICS, dead
from services.shell.acl_plan import Grant, grants
from services.shell.settings import Settings
from services.shell.topic_plan import plan

CODES = ("housing", "water")
ALL = grants(Settings(), CODES)


def may(principal: str, operation: str) -> set[str]:
    return {
        grant.name
        for grant in ALL
        if grant[:2] == (principal, "TOPIC") and grant.operation == operation
    }


def test_a_department_reads_its_own_assignments_and_writes_its_own_updates_alone() -> None:
    for code in CODES:
        who = f"department-{code}"
        assert may(who, "READ") == {f"assignments.{code}"}
        assert may(who, "WRITE") == {f"updates.{code}"}
        groups = [grant for grant in ALL if grant[:2] == (who, "GROUP")]
        assert groups == [Grant(who, "GROUP", f"{who}.", "READ", True)]


def test_only_the_services_write_the_log() -> None:
    writers = {grant.principal for grant in ALL if grant[2:4] == ("case.events", "WRITE")}
    assert writers == {f"gridcase-{service}" for service in SERVICES}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_writer_and_reader_of_the_table_has_a_grant(topic: object) -> None:
    name = getattr(topic, "name", "")
    named = f"{name}.housing" if getattr(topic, "per_department", False) else name
    operations = {grant.operation for grant in ALL if grant.name == named}
    assert {"READ", "WRITE"} <= operations


def test_on_a_shared_cluster_everything_bears_the_county_s_name() -> None:
    shared = grants(Settings(prefix="hanyin-"), CODES)
    assert all(grant.name.startswith("hanyin-") for grant in shared)
    assert all(grant.principal.startswith("hanyin-") or grant.principal == "*" for grant in shared)


def reaches(grant: Grant, resource: str, name: str) -> bool:
    """Whether a broker lets the principal of this grant at a resource of that name."""
    if grant.resource != resource:
        return False
    return name.startswith(grant.name) if grant.prefixed else grant.name in (name, "*")


@pytest.mark.parametrize(
    ("prefix", "other"), [("a", "ab-"), ("", "a"), ("hanyin-", "hanyin-b-"), ("a", "adepartment-")]
)
def test_no_grant_reaches_into_another_county_also_where_prefixes_begin_alike(
    prefix: str, other: str
) -> None:
    theirs = Settings(prefix=other)
    topics = {spec.name for spec in plan(theirs, CODES)}
    topics |= {dead(name) for name in topics}
    groups = {theirs.group(service) for service in SERVICES} | {f"{other}department-water.desk"}
    for grant in grants(Settings(prefix=prefix), CODES):
        assert not any(reaches(grant, "TOPIC", name) for name in topics), grant
        assert not any(reaches(grant, "GROUP", name) for name in groups), grant


def test_the_operator_may_do_all_to_what_the_county_has() -> None:
    settings = Settings(prefix="a")
    own = [grant for grant in grants(settings, CODES) if grant.principal == "aoperator"]
    for spec in plan(settings, [*CODES, "new"]):
        for name in (spec.name, dead(spec.name)):
            assert any(g.operation == "ALL" and reaches(g, "TOPIC", name) for g in own), name


def test_the_command_shows_what_it_would_grant() -> None:
    arguments = ["topics", "acl", "--dry-run", "--json", "--reference", str(Path("deploy/boston"))]
    said = json.loads(CliRunner().invoke(app, arguments).output)
    assert said["wanted"] == len(said["made"]) > 100
    assert {"principal", "resource", "name", "operation", "prefixed"} == set(said["made"][0])
