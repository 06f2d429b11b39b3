"""A real Prometheus on loopback that scrapes our processes, and what the shipped dashboards and alerts ask of it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml

from tests.helm.tools import CHART, tool
from tests.integration.serving import until

SCRAPE_S = 1
PATIENCE_S = 90.0
"""A calm machine needs about ten."""
ON_KAFKA = "On Kafka"
"""The row of the panels that an embedded engine has nothing to say for."""
RELEASE = {"namespace": "crm", "app_kubernetes_io_instance": "shop", "app_kubernetes_io_name": "orchestrator"}
_CHOSEN = {"$namespace": "crm", "$instance": "shop", "$campaign": ".*", "$__rate_interval": "10s", "$__range": "5m"}


class Asked(NamedTuple):
    """A query of a panel, as Grafana would send it."""

    row: str
    title: str
    query: str


def asked() -> list[Asked]:
    """All queries of all shipped dashboards."""
    found, row = list[Asked](), ""
    for path in sorted((CHART / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            row = panel["title"] if panel["type"] == "row" else row
            found += [Asked(row, panel["title"], _chosen(target["expr"])) for target in panel.get("targets", ())]
    return found


def _chosen(query: str) -> str:
    for name, value in _CHOSEN.items():
        query = query.replace(name, value)
    assert "$" not in query, query
    return query


def lint(page: str) -> str:
    """What promtool finds wrong with a page of metrics."""
    checked = subprocess.run([tool("promtool"), "check", "metrics"], input=page, check=False, capture_output=True, text=True)
    return checked.stdout + checked.stderr


def names_asked() -> set[str]:
    """Every metric of ours that a shipped dashboard or alert asks for."""
    texts = [one.query for one in asked()]
    groups = yaml.safe_load((CHART / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    texts += [str(rule["expr"]) for group in groups for rule in group["rules"]]
    return {name for text in texts for name in re.findall(r"\borchestrator_\w+", text)}


@dataclass(frozen=True, slots=True)
class Prometheus:
    """One that runs."""

    url: str

    def get(self, path: str, **given: str) -> Any:
        return httpx.get(f"{self.url}/api/v1/{path}", params=given).raise_for_status().json()["data"]

    def names(self) -> set[str]:
        """Of ours that it has scraped."""
        return {name for name in self.get("label/__name__/values") if name.startswith("orchestrator_")}

    def silent(self, queries: list[Asked]) -> list[Asked]:
        """Those that return nothing."""
        return [one for one in queries if not self.get("query", query=one.query)["result"]]

    def unheard(self, wanted: list[Asked], lives: Callable[[], None]) -> list[Asked]:
        """Let it live, look by look, until each query has returned something; those that never do."""
        end = time.monotonic() + PATIENCE_S
        while wanted and time.monotonic() < end:
            lives()
            time.sleep(SCRAPE_S)
            wanted = self.silent(wanted)
        return wanted


@contextmanager
def prometheus(folder: Path, targets: Mapping[str, str]) -> Iterator[Prometheus]:
    """One that scrapes these, `pod` → host:port, as the chart's ServiceMonitors label them; with the shipped alerts."""
    program = tool("prometheus")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    jobs = [{"targets": [where], "labels": {**RELEASE, "pod": pod}} for pod, where in targets.items()]
    config = {
        "global": {"scrape_interval": f"{SCRAPE_S}s", "evaluation_interval": f"{SCRAPE_S}s"},
        "rule_files": [str(CHART / "alerts.yaml")],
        "scrape_configs": [{"job_name": "orchestrator", "static_configs": jobs}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    running = Prometheus(f"http://127.0.0.1:{port}")
    try:
        until(lambda: _scraped(running), "Prometheus to have scraped every process", PATIENCE_S)
        yield running
    finally:
        process.kill()
        process.wait()


def _scraped(running: Prometheus) -> bool:
    with suppress(httpx.HTTPError):
        return bool(jobs := running.get("targets")["activeTargets"]) and all(one["health"] == "up" for one in jobs)
    return False
