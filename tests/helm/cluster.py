"""Installs, upgrades and rolls back both modes on a real Kubernetes API server, and prints what it saw.

    python tests/helm/cluster.py [--keep]

The API server, scheduler and controllers are Kubernetes' own, from `tests/helm/tools.sh cluster`; nodes and pods are made up by
kwok, so no container runs: manifests, admission, rollouts, volumes and the order of hooks are proven, the image is not.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.ports import free_port

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm/orchestrator"
NAMESPACE = "shop"
PATIENCE_S = 300.0
VOLUMES = 12
CRDS = (
    ("monitoring.coreos.com", "v1", "ServiceMonitor"),
    ("monitoring.coreos.com", "v1", "PrometheusRule"),
    ("keda.sh", "v1alpha1", "ScaledObject"),
)
"""Kinds of operators, without their rules: (group, version, kind)."""


def tool(name: str) -> Path:
    asked = subprocess.run(["bash", Path(__file__).with_name("tools.sh"), "where", name], check=True, capture_output=True)
    path = Path(asked.stdout.decode().strip())
    if not path.exists():
        sys.exit(f"{name} is not here. To bring it: tests/helm/tools.sh cluster")
    return path


def until(met: Callable[[], object], what: str) -> None:
    """Wait for somebody else's process, which cannot be awaited."""
    end = time.monotonic() + PATIENCE_S
    while not met():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {PATIENCE_S:.0f} s")
        time.sleep(0.2)


@dataclass(slots=True)
class Cluster:
    """A control plane in a folder, on ports of its own on this machine only."""

    folder: Path
    kubeconfig: Path

    def kubectl(self, *arguments: str, given: str | None = None) -> str:
        command = [tool("kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, input=given, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def apply(self, *objects: dict[str, Any]) -> None:
        self.kubectl("apply", "--filename=-", given=yaml.safe_dump_all(objects))

    def found(self, kinds: str) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = json.loads(self.kubectl("get", kinds, f"--namespace={NAMESPACE}", "--output=json"))[
            "items"
        ]
        return listed

    def helm(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [tool("helm"), *arguments, f"--kubeconfig={self.kubeconfig}", f"--namespace={NAMESPACE}"]
        return subprocess.run(command, check=False, capture_output=True, text=True)


@contextmanager
def running(folder: Path, name: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen([tool(name), *arguments], stdout=log, stderr=log, cwd=folder)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Started in the order in which each needs the others; ready when nodes are."""
    token, etcd, peer, port, kwok = secrets.token_hex(16), *(free_port() for _ in range(4))
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n", encoding="utf-8")
    subprocess.run(["openssl", "genrsa", "-out", folder / "accounts.key", "2048"], check=True, capture_output=True)
    made = Cluster(folder, folder / "kubeconfig")
    made.kubeconfig.write_text(yaml.safe_dump(_access(f"https://127.0.0.1:{port}", token)), encoding="utf-8")
    own = f"http://127.0.0.1:{etcd}"
    access, quiet = f"--kubeconfig={made.kubeconfig}", "--secure-port=0"
    with ExitStack() as all_of_it:

        def start(name: str, *arguments: str) -> None:
            all_of_it.enter_context(running(folder, name, *arguments))

        start(
            "etcd",
            f"--data-dir={folder}/etcd",
            f"--listen-client-urls={own}",
            f"--advertise-client-urls={own}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}",
        )
        start("kube-apiserver", *_server(folder, own, port))
        until(lambda: _answers(made), "the API server to be ready")
        start(
            "kube-controller-manager",
            access,
            quiet,
            "--controllers=*",
            f"--service-account-private-key-file={folder}/accounts.key",
        )
        start("kube-scheduler", access, quiet)
        stages = [f"--config={tool('kwok').with_name('stages.yaml')}", f"--config={_failing(folder)}"]
        start("kwok", access, *stages, "--manage-all-nodes=true", f"--server-address=127.0.0.1:{kwok}")
        yield made


def _access(server: str, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "own", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "own", "context": {"cluster": "own", "user": "admin"}}],
        "current-context": "own",
    }


def _server(folder: Path, etcd: str, port: int) -> list[str]:
    return [
        f"--etcd-servers={etcd}",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder}/certificates",
        f"--service-account-key-file={folder}/accounts.key",
        f"--service-account-signing-key-file={folder}/accounts.key",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--token-auth-file={folder}/tokens.csv",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
    ]


def _answers(made: Cluster) -> bool:
    try:
        return made.kubectl("get", "--raw=/readyz") == "ok"
    except RuntimeError:
        return False


def _failing(folder: Path) -> Path:
    """A check that is strict fails: kwok's own stages let every job succeed."""
    job = {"key": ".metadata.ownerReferences.[].kind", "operator": "In", "values": ["Job"]}
    strict = {"key": ".spec.containers.[].args.[]", "operator": "In", "values": ["--strict"]}
    pending = {"key": ".status.phase", "operator": "In", "values": ["Pending", "Running"]}
    stage = {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {"name": "strict-check-fails"},
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {"matchExpressions": [job, strict, pending]},
            "weight": 1_000_000,
            "next": {"statusTemplate": "phase: Failed\n"},
        },
    }
    path = folder / "failing.yaml"
    path.write_text(yaml.safe_dump(stage), encoding="utf-8")
    return path


def furnish(made: Cluster) -> None:
    """Two nodes, volumes, the operators' kinds, and a namespace that takes restricted pods only."""
    amounts = {"cpu": "32", "memory": "64Gi", "pods": "110", "ephemeral-storage": "1Ti"}
    node = {"apiVersion": "v1", "kind": "Node", "status": {"allocatable": amounts, "capacity": amounts}}
    made.apply(*(node | {"metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}}} for name in ("one", "two")))
    still = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "kubernetes.io/no-provisioner"}
    made.apply(still | {"metadata": {"name": "still", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}})
    made.apply(*(_volume(number) for number in range(VOLUMES)))
    made.apply(*(_kind(*kind) for kind in CRDS))
    enforced = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
    made.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": enforced}})
    until(lambda: "default" in made.kubectl("get", "serviceaccounts", f"--namespace={NAMESPACE}"), "the namespace's account")
    data = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "journeys", "namespace": NAMESPACE}}
    made.apply(data | {"binaryData": {"workspace.tar.gz": "H4sIAAAA"}})


def _volume(number: int) -> dict[str, Any]:
    spec = {"capacity": {"storage": "100Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "still"}
    name = {"metadata": {"name": f"volume-{number}"}}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "spec": spec | {"hostPath": {"path": "/volumes"}}} | name


def _kind(group: str, version: str, kind: str) -> dict[str, Any]:
    plural = f"{kind.lower()}s"
    loose = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    versions = [{"name": version, "served": True, "storage": True, "schema": loose}]
    names = {"kind": kind, "plural": plural, "singular": kind.lower()}
    spec = {"group": group, "scope": "Namespaced", "names": names, "versions": versions}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": spec,
    }


@dataclass(slots=True)
class Trial:
    """What is done to one mode, and what is seen after each step."""

    made: Cluster
    mode: str
    pods: int
    """How many must be ready."""

    def step(self, what: str, *arguments: str | Path, fails: bool = False) -> None:
        begun = time.monotonic()
        done = self.made.helm(*arguments)
        took = time.monotonic() - begun
        if (done.returncode != 0) != fails or "violate PodSecurity" in done.stderr:
            raise RuntimeError(f"{self.mode}: {what}: {done.stdout}{done.stderr}")
        ready = [pod for pod in self.made.found("pods") if _is_ready(pod)]
        if len(ready) != self.pods:
            raise RuntimeError(f"{self.mode}: after {what} {len(ready)} pods are ready, not {self.pods}")
        said = f" ({done.stderr.strip().splitlines()[-1]})" if fails else ""
        print(f"{self.mode}: {what}: {took:.1f} s, {len(ready)} pods ready{said}", flush=True)

    def images(self) -> set[str]:
        """Of what is ready: a check that failed stays, so that its log can be read."""
        ready = [pod for pod in self.made.found("pods") if _is_ready(pod)]
        return {container["image"] for pod in ready for container in pod["spec"]["containers"]}

    def must(self, holds: object, what: str) -> None:
        if not holds:
            raise RuntimeError(f"{self.mode}: {what}")
        print(f"{self.mode}: {what}", flush=True)


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = {one["type"]: one["status"] for one in pod["status"].get("conditions", ())}
    return (
        conditions.get("Ready") == "True" and "deletionTimestamp" not in pod["metadata"] and pod["status"]["phase"] == "Running"
    )


def try_mode(made: Cluster, mode: str, pods: int, kept: int) -> None:
    """Install, upgrade, a refused upgrade, roll back, uninstall; `kept` volumes stay."""
    trial = Trial(made, mode, pods)
    values = ["--values", CHART / f"ci/{mode}-values.yaml", "--set", "monitoring.enabled=true", "--wait", "--timeout=5m"]
    trial.step("install", "install", "shop", CHART, *values)
    trial.step("upgrade to another image", "upgrade", "shop", CHART, *values, "--set", "image.tag=0.2.0")
    trial.must(trial.images() == {"registry.example/orchestrator:0.2.0"}, "every pod has the new image")
    strict = ["--set", "image.tag=0.3.0", "--set", "workspace.check.strict=true"]
    trial.step("an upgrade whose check fails", "upgrade", "shop", CHART, *values, *strict, fails=True)
    trial.must(trial.images() == {"registry.example/orchestrator:0.2.0"}, "nothing was changed by it")
    trial.step("roll back to the first", "rollback", "shop", "1", "--wait", "--timeout=5m")
    trial.must(trial.images() == {"registry.example/orchestrator:0.1.0"}, "every pod has the old image")
    history = json.loads(made.helm("history", "shop", "--output=json").stdout)
    trial.must([one["status"] for one in history] == ["superseded", "superseded", "failed", "deployed"], "its history says so")
    trial.pods = 0
    made.helm("uninstall", "shop", "--wait")
    until(lambda: not made.found("pods"), "the pods to be gone")
    until(lambda: len(made.found("persistentvolumeclaims")) == kept, f"{kept} volume claims to stay")
    trial.must(len(made.found("persistentvolumeclaims")) == kept, f"after the uninstall {kept} volume claims stay")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--keep", action="store_true", help="wait at the end, so that kubectl can be used")
    keep = asked.parse_args().keep
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:
        begun = time.monotonic()
        with cluster(Path(folder)) as made:
            furnish(made)
            version = json.loads(made.kubectl("get", "--raw=/version"))["gitVersion"]
            print(f"a cluster: {time.monotonic() - begun:.1f} s, {version}", flush=True)
            try_mode(made, "embedded", pods=1, kept=1)
            try_mode(made, "distributed", pods=5, kept=1)
            if keep:
                input(f"{tool('kubectl')} --kubeconfig={made.kubeconfig}\nReturn ends it. ")


if __name__ == "__main__":
    main()
