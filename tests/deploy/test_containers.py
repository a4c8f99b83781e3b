"""Image, compose file and chart: each by the schema or the tool of those who run such things."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas.topics import SERVICES, dead
from services.shell.settings import PORTS, Settings
from services.shell.topic_plan import plan
from tests.deploy.tools import ROOT, module, run, tool
from tests.e2e.guarded import SECURED

CONTAINERFILE = ROOT / "Containerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"
SECURED_COMPOSE = ROOT / "deploy" / "compose.secured.yaml"
CHART = ROOT / "deploy" / "helm" / "gridcase"
KUBERNETES = ("1.29", "1.32")
OPTIONS = {
    "as it comes": (),
    "a shared cluster with TLS": (
        "prefix=hanyin-", "kafka.securityProtocol=SASL_SSL", "kafka.secret=kafka", "kafka.acls=true",
        "reference.configMap=rules", "access.secret=tokens", "extraEnv.OTEL_EXPORTER_OTLP_ENDPOINT=http://otel:4318",
    ),
    "scaled by processor": ("autoscaling.by=cpu", "ingress.enabled=true"),
    "scaled by lag, with operators": (
        "autoscaling.by=lag", "strimzi.enabled=true", "mongodbCommunity.enabled=true",
        "prometheus.rules=true", "prometheus.monitor=true",
    ),
    "moved, and in another's hands": (
        "partitions=24", "services.sla.replicas=20", "autoscaling.by=cpu", "autoscaling.max=20",
        "image.tag=1.2.3", "imagePullSecrets[0].name=pull", "ingress.enabled=true",
        "ingress.className=nginx", "networkPolicy.from[0].podSelector.matchLabels.app=portal",
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


def test_the_compose_files_follow_the_compose_specification() -> None:
    module("check_jsonschema")
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    run(*checker, COMPOSE, SECURED_COMPOSE)


def property_of(variable: str) -> str:
    """The broker's setting that Kafka's image makes of an environment variable."""
    name = variable.removeprefix("KAFKA_").lower()
    return name.replace("___", "-").replace("__", "\0").replace("_", ".").replace("\0", "_")


def test_the_secured_compose_file_sets_the_broker_as_the_tests_of_rights_do() -> None:
    """What departments may do is tested on a broker with these very settings."""
    services = yaml.safe_load(SECURED_COMPOSE.read_text())["services"]
    set_so = {property_of(k): v for k, v in services["kafka"]["environment"].items()}
    lines = [line for line in SECURED.splitlines() if line and not line.startswith("#")]
    tested = dict(line.split("=", 1) for line in lines)
    named = tested["listener.security.protocol.map"].replace("BROKER:", "INSIDE:").split(",")
    assert set(set_so.pop("listener.security.protocol.map").split(",")) == set(named)
    assert set_so.items() <= tested.items()
    assert tested.keys() - set_so.keys() == {
        "listeners", "advertised.listeners", "listener.security.protocol.map",
    }  # fmt: skip
    assert services["acl"]["command"][:2] == ["topics", "acl"]


def test_rights_are_set_with_the_topics_where_they_are_asked_for() -> None:
    for sets, wanted in (((), 1), (("kafka.acls=true",), 2)):
        [job] = [d for d in rendered(sets) if d["kind"] == "Job"]
        before = job["spec"]["template"]["spec"]["initContainers"]
        assert [c["args"][:2] for c in before] == [["topics", "create"], ["topics", "acl"]][:wanted]


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


def switches(values: dict[str, Any], path: str = "") -> Iterator[str]:
    """What values.yaml leaves off or empty."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from switches(value, f"{path}{name}.")
        elif not value:
            yield f"{path}{name}"


def test_everything_that_is_off_as_it_comes_is_switched_on_in_one_of_the_options() -> None:
    off = set(switches(yaml.safe_load((CHART / "values.yaml").read_text())))
    switched = [option.partition("=")[0] for options in OPTIONS.values() for option in options]
    assert len(off) > 8
    assert {name for name in off if not any(s.startswith(name) for s in switched)} == set()


def test_what_is_on_as_it_comes_can_be_switched_off() -> None:
    kinds = {"podDisruptionBudget": "PodDisruptionBudget", "networkPolicy.enabled": "NetworkPolicy"}
    left = {d["kind"] for d in rendered(tuple(f"{name}=false" for name in kinds))}
    assert left
    assert not left & set(kinds.values())


def test_no_more_instances_are_made_than_there_are_partitions() -> None:
    for sets, kind, field in (
        (("autoscaling.by=cpu", "autoscaling.max=40"), "HorizontalPodAutoscaler", "maxReplicas"),
        (("autoscaling.by=lag", "autoscaling.max=40"), "ScaledObject", "maxReplicaCount"),
    ):
        made = [d["spec"][field] for d in rendered(sets) if d["kind"] == kind]
        assert made == [12] * len(SERVICES)


def test_the_chart_refuses_what_cannot_be_meant() -> None:
    for wrong in ("services.sla.replicas=40", "kafka.securityProtocol=TLS", "prefix=a.b"):
        with pytest.raises(AssertionError):
            rendered((wrong,))
    rendered(("services.sla.replicas=20", "partitions=24"))
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


@pytest.mark.parametrize("partitions", [12, 24])
def test_keda_watches_the_group_and_topic_that_the_services_use(partitions: int) -> None:
    settings = Settings(prefix="hanyin-", partitions=partitions)
    sets = ("autoscaling.by=lag", "prefix=hanyin-", f"partitions={partitions}")
    scaled = [d for d in rendered(sets) if d["kind"] == "ScaledObject"]
    watched = {
        (t["metadata"]["consumerGroup"], t["metadata"]["topic"])
        for d in scaled
        for t in d["spec"]["triggers"]
    }
    assert watched == {(settings.group(n), settings.topic("case.events")) for n in SERVICES}


def let_at(resource: dict[str, str], name: str) -> bool:
    if resource["patternType"] == "prefix":
        return name.startswith(resource["name"])
    return name == resource["name"]


def test_the_services_user_is_let_at_all_topics_of_its_county_and_at_no_other_s() -> None:
    sets = (*OPTIONS["scaled by lag, with operators"], "prefix=a")
    [user] = [d for d in rendered(sets) if d["kind"] == "KafkaUser"]
    acls = [acl["resource"] for acl in user["spec"]["authorization"]["acls"]]
    for kind, of in (("topic", topics_of), ("group", groups_of)):
        let = [resource for resource in acls if resource["type"] == kind]
        assert [n for n in of("a") if not any(let_at(r, n) for r in let)] == []
        others = [n for other in ("", "ab-") for n in of(other)]
        assert [n for n in others if any(let_at(r, n) for r in let)] == []


def topics_of(prefix: str) -> list[str]:
    names = [spec.name for spec in plan(Settings(prefix=prefix), ["water"])]
    return [*names, *map(dead, names)]


def groups_of(prefix: str) -> list[str]:
    return [Settings(prefix=prefix).group(service) for service in SERVICES]


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
