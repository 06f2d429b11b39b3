"""The chart as Helm renders it: whole, refused where it would not run, and what Kubernetes and the program understand."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from orchestrator.bootstrap.edge import FINISH_S as EDGE_FINISH_S
from orchestrator.cli import COMMANDS, app
from orchestrator.console.mirroring import STOP_S
from orchestrator.intake.server import ANSWER_S
from orchestrator.stores.kafka.limits import FINISH_S, TRANSACTION_MS
from tests.helm.tools import CHART, python_tool, tool

FILES = {path.stem.removesuffix("-values"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}
PARTS = {"embedded": {"check", "embedded"}, "distributed": {"check", "intake", "worker", "governor", "publish"}}
VERSIONS = [f"1.{minor}" for minor in range(29, 38)]
OPERATORS = {"ServiceMonitor", "PrometheusRule", "ScaledObject"}
"""Kinds that are not Kubernetes' own: no schema of them is on this machine."""

every_file = pytest.mark.parametrize("name", FILES)


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("helm"), *arguments], check=False, capture_output=True, text=True)


def rendering(name: str, *more: str, kubernetes: str = "1.34") -> subprocess.CompletedProcess[str]:
    return helm("template", "r", CHART, "--values", FILES[name], "--kube-version", kubernetes, *more)


@cache
def rendered(name: str) -> str:
    done = rendering(name)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(name: str) -> list[dict[str, Any]]:
    return [found for found in yaml.safe_load_all(rendered(name)) if found]


def pods(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each pod's part and its specification; the hook's too."""
    for found in objects(name):
        if found["kind"] in {"Deployment", "StatefulSet", "Job"}:
            pod = found["spec"]["template"]
            yield pod["metadata"]["labels"]["app.kubernetes.io/component"], pod["spec"]


def test_operators_have_pages_where_they_are_wanted() -> None:
    assert "--console" not in rendered("embedded")
    shown = rendering("embedded", "--set", "embedded.console=true")
    assert shown.returncode == 0, shown.stderr
    assert "- --console=8090" in shown.stdout


@every_file
def test_it_passes_helms_own_lint(name: str) -> None:
    linted = helm("lint", "--strict", CHART, "--values", FILES[name])
    assert linted.returncode == 0, linted.stdout


@every_file
def test_each_mode_has_its_parts_and_the_check_before_them(name: str) -> None:
    more = {"bridge-crm", "console"} if name == "distributed-full" else set()
    assert {part for part, _ in pods(name)} == PARTS[name.partition("-")[0]] | more


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("embedded", "mode=cluster", "'/mode': value must be one of 'embedded', 'distributed'"),
        ("embedded", "imag.tag=1", "additional properties 'imag' not allowed"),
        ("embedded", "settings.ORCHESTRATOR_KEYS=shop=1", "ORCHESTRATOR_KEYS"),
        ("embedded", "image.repository=", "image.repository: name the image that you built"),
        ("embedded", "workspace.configMap=journeys", "workspace: 2 of archive, configMap and git.repository are given"),
        ("embedded", "workspace.archive=", "workspace: 0 of archive, configMap and git.repository are given"),
        ("embedded-git", "workspace.git.commit=", "workspace.git.commit: name the commit"),
        ("embedded-git", "workspace.git.commit=main", "/workspace/git/commit"),
        ("distributed", "kafka.brokers=", "kafka.brokers: say where Kafka is"),
        ("distributed", "workers.replicas=9", "workers.replicas: 9 workers would share 8 partitions of events"),
        ("distributed-full", "workers.autoscaling.maxReplicas=2", "maxReplicas: 2 is less than workers.replicas, 3"),
        ("distributed", "intake.autoscaling.maxReplicas=1", "maxReplicas: 1 is less than intake.replicas, 2"),
    ],
)
def test_what_would_not_run_is_refused_with_its_place(name: str, given: str, told: str) -> None:
    refused = rendering(name, "--set", given)
    assert refused.returncode != 0
    assert told in refused.stderr


@every_file
def test_kubernetes_takes_it_in_each_version(name: str, tmp_path: Path) -> None:
    validate = python_tool("kubernetes-validate")
    own = [found for found in objects(name) if found["kind"] not in OPERATORS]
    versions = [word for version in VERSIONS for word in ("-k", version)]

    def judged(*given: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        (tmp_path / "all.yaml").write_text(yaml.safe_dump_all(given), encoding="utf-8")
        command = [validate, "--strict", *versions, "all.yaml"]
        return subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    done = judged(*own)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("passed") == len(VERSIONS) * len(own), done.stdout
    assert judged(own[0] | {"mistyped": 1}).returncode != 0


@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_the_oldest_and_the_newest_are_accepted_and_an_older_one_is_not(version: str) -> None:
    assert rendering("embedded", kubernetes=version).returncode == 0
    assert "incompatible" in rendering("embedded", kubernetes="1.28").stderr


@every_file
def test_kube_score_finds_nothing_critical(name: str, tmp_path: Path) -> None:
    """But one: a pod whose image is named by its digest or version needs no registry to start again."""
    (tmp_path / "all.yaml").write_text(rendered(name), encoding="utf-8")
    command = [tool("kube-score"), "score", "--ignore-test", "container-image-pull-policy", "-o", "ci", "all.yaml"]
    scored = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert scored.stdout
    assert [line for line in scored.stdout.splitlines() if line.startswith("[CRITICAL]")] == []


def test_the_suites_of_helm_unittest_pass() -> None:
    command = [tool("helm-unittest"), "--strict", "--file", "../../tests/helm/suites/*.yaml", CHART]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@every_file
def test_each_container_starts_its_command_with_options_that_it_has(name: str) -> None:
    program = typer.main.get_command(app)
    for command, *arguments in (container["args"] for _, pod in pods(name) for container in pod["containers"]):
        assert command in COMMANDS
        found = program.get_command(typer.Context(program), command)  # type: ignore[attr-defined]
        options = {option for parameter in found.params for option in parameter.opts}
        assert {word.partition("=")[0] for word in arguments if word.startswith("--")} - options == set(), command


WITHOUT_KAFKA_S = 25.0
"""What `test_kafka_leaving.py` grants each process where its brokers are gone."""


@every_file
def test_a_pod_has_longer_to_end_than_the_program_takes(name: str) -> None:
    """Attempts under way and requests, or a transaction and attempts, also without Kafka; what the hook takes comes on top."""
    doors, workers = EDGE_FINISH_S + ANSWER_S, FINISH_S + TRANSACTION_MS / 1_000
    needed = {"embedded": doors, "intake": ANSWER_S, "worker": workers, "governor": FINISH_S, "bridge-crm": workers}
    needed["console"] = ANSWER_S + STOP_S
    for part, pod in pods(name):
        if part in needed:
            hook = pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["sleep", "0"])
            assert pod["terminationGracePeriodSeconds"] - int(hook[1]) > max(needed[part], WITHOUT_KAFKA_S), part


@every_file
def test_secrets_come_by_reference_and_only_to_who_needs_them(name: str) -> None:
    assert not [found for found in objects(name) if found["kind"] == "Secret"]
    holders: dict[str, set[str]] = {}
    for part, pod in pods(name):
        for one in pod["containers"]:
            for source in one.get("envFrom", ()):
                holders.setdefault(source["secretRef"]["name"], set()).add(part)
    assert holders.pop("orchestrator", set()) <= {"embedded", "intake", "worker"}
    assert set(holders) <= {"brokers"}, "governor and hook know nothing but what opens the brokers"
    assert all(not pod["automountServiceAccountToken"] for _, pod in pods(name))


@every_file
def test_every_pod_is_restricted(name: str) -> None:
    """As the Pod Security Standards' `restricted` asks, and a root that cannot be written."""
    for _, pod in pods(name):
        assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["seccompProfile"]["type"]) == (
            True,
            "RuntimeDefault",
        )
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            context = container["securityContext"]
            assert (context["allowPrivilegeEscalation"], context["readOnlyRootFilesystem"]) == (False, True)
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"].keys() == {"requests", "limits"}


@every_file
def test_each_part_may_be_asked_and_may_ask_only_as_its_policy_says(name: str) -> None:
    policies = {
        found["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]: found["spec"]
        for found in objects(name)
        if found["kind"] == "NetworkPolicy"
    }
    assert policies.keys() == {part for part, _ in pods(name)}
    for part, policy in policies.items():
        asked = {port["port"] for rule in policy["egress"] for port in rule["ports"]}
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        assert 53 in asked
        fetches = "git" in rendered(name) and part not in {"governor", "console"}
        assert (443 in asked) == (fetches or part in {"embedded", "worker"}), part


def test_another_workspace_or_setting_starts_pods_anew_and_the_same_does_not() -> None:
    def sums(*more: str) -> set[str]:
        return set(re.findall(r"checksum/\w+: (\w+)", rendering("distributed", *more).stdout))

    assert sums() == sums("--set", "monitoring.enabled=true", "--set", "workspace.check.strict=true")
    assert len(sums() - sums("--set", "settings.ORCHESTRATOR_EMAIL=smtp")) == 1
    assert len(sums() - sums("--set", "workspace.folder=live")) == 1


def test_never_more_workers_than_partitions() -> None:
    scaled = next(found for found in objects("distributed-full") if found["kind"] == "ScaledObject")
    values = yaml.safe_load(FILES["distributed-full"].read_text(encoding="utf-8"))
    assert scaled["spec"]["maxReplicaCount"] == values["kafka"]["partitions"] < values["workers"]["autoscaling"]["maxReplicas"]
