"""Image, compose file and chart: each by the schema or the tool of those who run such things."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.topics import SERVICES
from services.shell.settings import PORTS, Settings
from tests.deploy.tools import ROOT, module, run, tool

CONTAINERFILE = ROOT / "Containerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"
CHART = ROOT / "deploy" / "helm" / "gridcase"
KUBERNETES = ("1.29", "1.32")
OPTIONS = {
    "as it comes": (),
    "a shared cluster with TLS": (
        "prefix=hanyin-", "kafka.securityProtocol=SASL_SSL", "kafka.secret=kafka",
        "reference.configMap=rules", "access.secret=tokens", "extraEnv.OTEL_EXPORTER_OTLP_ENDPOINT=http://otel:4318",
    ),
    "scaled by processor": ("autoscaling.by=cpu", "ingress.enabled=true"),
    "scaled by lag, with operators": (
        "autoscaling.by=lag", "strimzi.enabled=true", "mongodbCommunity.enabled=true",
        "prometheus.rules=true", "prometheus.monitor=true",
    ),
}  # fmt: skip
OPERATORS = {"ScaledObject", "Kafka", "KafkaNodePool", "KafkaUser", "MongoDBCommunity",
             "PrometheusRule", "ServiceMonitor"}  # fmt: skip
"""Kinds whose schemas are the operators' own and not Kubernetes'."""


def instructions() -> list[tuple[str, str]]:
    """The image's instructions, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", CONTAINERFILE.read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_image_copies_only_what_is_there_and_what_is_let_in() -> None:
    let_in = (ROOT / ".containerignore").read_text().splitlines()
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            *sources, _target = rest.split()
            for source in sources:
                assert (ROOT / source).exists()
                assert f"!{source}" in let_in


def test_the_image_has_two_stages_and_runs_as_nobody_special() -> None:
    words = instructions()
    assert [rest.split(" AS ")[0] for word, rest in words if word == "FROM"] == [
        "python:3.11-slim-bookworm"
    ] * 2
    last = words[max(i for i, (word, _) in enumerate(words) if word == "FROM") :]
    assert ("USER", "10001:10001") in last
    assert any(word == "HEALTHCHECK" for word, _ in last)
    assert not any(word == "RUN" and "pip" in rest for word, rest in last)


def test_the_compose_file_follows_the_compose_specification() -> None:
    module("check_jsonschema")
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    run(*checker, COMPOSE)


def test_the_compose_file_runs_every_service_where_the_documentation_says() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    for name in SERVICES:
        service = services[name]
        assert service["command"] == ["serve", name]
        assert service["ports"] == [f"127.0.0.1:{PORTS[name]}:{PORTS[name]}"]
        assert service["environment"]["GRIDCASE_PORT"] == PORTS[name]
        assert service["read_only"]
        assert service["depends_on"]["setup"]["condition"] == "service_completed_successfully"
    mounted = [v.split(":")[0] for s in services.values() for v in s.get("volumes", ())]
    for place in mounted:
        assert not place.startswith("./") or (COMPOSE.parent / place).exists()


def known_settings() -> set[str]:
    """The environment variables that a service reads."""
    fields = Settings.model_fields.items()
    return {str(f.validation_alias or f"GRIDCASE_{name.upper()}") for name, f in fields}


def test_the_compose_file_sets_only_what_a_service_reads() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    for name in SERVICES:
        ours = {k for k in services[name]["environment"] if not k.startswith("OTEL_")}
        assert ours <= known_settings()


def rendered(options: tuple[str, ...], version: str = KUBERNETES[-1]) -> list[dict[str, Any]]:
    sets = [part for option in options for part in ("--set", option)]
    text = run(tool("helm"), "template", "county", CHART, "--kube-version", version, *sets)
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("walk.go"))
    return [document for document in yaml.safe_load_all(plain) if document]


@pytest.mark.parametrize("version", KUBERNETES)
@pytest.mark.parametrize("options", OPTIONS)
def test_kubernetes_takes_what_the_chart_makes(options: str, version: str) -> None:
    run(tool("helm"), "lint", "--strict", CHART)
    documents = rendered(OPTIONS[options], version)
    own = [d for d in documents if d["kind"] not in OPERATORS]
    assert {"StatefulSet", "Service", "Job", "NetworkPolicy", "PodDisruptionBudget"} <= {
        document["kind"] for document in own
    }
    validator = module("kubernetes_validate")
    for document in own:
        validator.validate(document, version, strict=True)


def test_the_chart_refuses_what_cannot_be_meant() -> None:
    for wrong in ("services.sla.replicas=40", "kafka.securityProtocol=TLS", "prefix=a.b"):
        with pytest.raises(AssertionError):
            rendered((wrong,))
    with pytest.raises(AssertionError, match=r"kafka\.secret is needed"):
        rendered(("kafka.securityProtocol=SASL_SSL",))


def pods(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [d["spec"]["template"]["spec"] for d in documents if d["kind"] in ("StatefulSet", "Job")]


@pytest.mark.parametrize("options", OPTIONS)
def test_every_container_is_confined_and_set_up_with_what_it_reads(options: str) -> None:
    for pod in pods(rendered(OPTIONS[options])):
        assert pod["securityContext"]["runAsNonRoot"]
        for container in [*pod["containers"], *pod.get("initContainers", ())]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            names = {variable["name"] for variable in container["env"]}
            assert {n for n in names if not n.startswith("OTEL_")} <= known_settings()


def test_the_rules_in_the_chart_are_those_of_the_project() -> None:
    [made] = [
        d
        for d in rendered(OPTIONS["scaled by lag, with operators"])
        if d["kind"] == "PrometheusRule"
    ]
    folder = ROOT / "deploy" / "prometheus"
    files = [yaml.safe_load((folder / f"{n}.yml").read_text()) for n in ("recording", "alerts")]
    assert made["spec"]["groups"] == [group for file in files for group in file["groups"]]


def test_keda_watches_the_group_and_topic_that_the_services_use() -> None:
    settings = Settings(prefix="hanyin-")
    scaled = [
        d for d in rendered(("autoscaling.by=lag", "prefix=hanyin-")) if d["kind"] == "ScaledObject"
    ]
    watched = {
        (t["metadata"]["consumerGroup"], t["metadata"]["topic"])
        for d in scaled
        for t in d["spec"]["triggers"]
    }
    assert watched == {(settings.group(n), settings.topic("case.events")) for n in SERVICES}


def test_the_ingress_lets_in_the_public_pages_and_nothing_else() -> None:
    documents = rendered(("ingress.enabled=true",))
    [ingress] = [document for document in documents if document["kind"] == "Ingress"]
    let_in = {path["path"] for path in ingress["spec"]["rules"][0]["http"]["paths"]}
    rating = sorted((ROOT / "services" / "rating").glob("*.py"))
    source = "\n".join(path.read_text("utf-8") for path in rating)
    pages = re.findall(r'^            "(/[^"]*)": self\.', source, re.MULTILINE)
    assert let_in == set(pages)


def test_grafana_is_given_the_data_source_that_the_dashboards_name() -> None:
    [source] = _provisioned("datasources/prometheus.yaml")["datasources"]
    assert source["uid"] == "prometheus"
    [provider] = _provisioned("dashboards/gridcase.yaml")["providers"]
    grafana = yaml.safe_load(COMPOSE.read_text())["services"]["grafana"]
    assert any(
        v.startswith(f"./grafana/dashboards:{provider['options']['path']}")
        for v in grafana["volumes"]
    )


def _provisioned(name: str) -> Any:
    path: Path = ROOT / "deploy" / "grafana" / "provisioning" / name
    return yaml.safe_load(path.read_text())
