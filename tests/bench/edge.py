"""What `serve` carries over HTTP: uv run python tests/bench/edge.py [--seconds N] [--rate EVENTS_A_SECOND] [--json].

Product views of many people go to real processes on loopback, with a state file on disk. Throughput is a closed loop: a few
connections, each with its next batch as soon as the last one is answered. Latency is an open one: batches leave by the clock,
whether or not earlier ones are answered, and count from when they should have left.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).parents[2]))

from orchestrator.cli.demo import lay_out
from tests.integration.serving import Serve, serving, track

CONNECTIONS = 4
PEOPLE = 5_000
BULK = 100
"""Events of a batch where throughput is measured."""
SMALL = 10
"""Events of a batch where latency is."""


def views(first: int, count: int) -> bytes:
    """A batch of product views, ready to post."""
    batch = [
        track(f"m{number}", f"u{number % PEOPLE}", "Product Viewed", product_id=str(number % 97), price=20.5)
        for number in range(first, first + count)
    ]
    return json.dumps({"batch": batch}).encode()


class Line:
    """One connection that is kept."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def post(self, body: bytes) -> int:
        self._connection.request("POST", "/v1/batch", body, {"content-type": "application/json"})
        answer = self._connection.getresponse()
        answer.read()
        return answer.status

    def close(self) -> None:
        self._connection.close()


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, as Linux counts them."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def in_parallel(work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def throughput(life: Serve, seconds: float) -> dict[str, Any]:
    """Events a second answered 200 in a closed loop, and the CPU that an event costs each process."""
    engine, url = life.engine(), life.url() or ""
    edge_cpu, engine_cpu = cpu_s(life.pid), cpu_s(engine)
    answered = [0] * CONNECTIONS
    begun = time.perf_counter()

    def send(number: int) -> None:
        line, at = Line(url), 0
        while time.perf_counter() - begun < seconds:
            body = views((number * 1_000 + at) * BULK, BULK)
            answered[number] += BULK if line.post(body) == http.HTTPStatus.OK else 0
            at += 1
        line.close()

    in_parallel(send)
    wall, events = time.perf_counter() - begun, max(1, sum(answered))
    return {
        "events_s": round(events / wall),
        "edge_us": round((cpu_s(life.pid) - edge_cpu) / events * 1e6),
        "engine_us": round((cpu_s(engine) - engine_cpu) / events * 1e6),
    }


def latency(life: Serve, seconds: float, rate: int, first: int = 10**8) -> dict[str, Any]:
    """Milliseconds from when a batch should have left until it was answered, at a steady rate; `first`: its first event."""
    url, found = life.url() or "", list[float]()
    every = SMALL * CONNECTIONS / rate
    begun = time.perf_counter() + 0.1
    refused = [0] * CONNECTIONS

    def send(number: int) -> None:
        line = Line(url)
        for at in range(int(seconds / every)):
            due = begun + (at + number / CONNECTIONS) * every
            time.sleep(max(0.0, due - time.perf_counter()))
            body = views(first + (number * 100_000 + at) * SMALL, SMALL)
            refused[number] += line.post(body) != http.HTTPStatus.OK
            found.append((time.perf_counter() - due) * 1_000)
        line.close()

    in_parallel(send)
    found.sort()
    return {
        "rate": rate,
        "batches": len(found),
        "refused": sum(refused),
        "p50_ms": round(_share(found, 0.5), 1),
        "p99_ms": round(_share(found, 0.99), 1),
        "most_ms": round(found[-1], 1),
    }


def _share(found: Sequence[float], share: float) -> float:
    return found[min(len(found) - 1, int(len(found) * share))]


def measure(folder: Path, seconds: float, rate: int) -> dict[str, Any]:
    """Both figures of one life of `serve`."""
    workspace = lay_out(folder / "workspace")
    begun = time.perf_counter()
    with serving(workspace, folder / "state.sqlite") as life:
        started = time.perf_counter() - begun
        return {
            "load": round(os.getloadavg()[0], 1),
            "start_s": round(started, 2),
            "throughput": throughput(life, seconds),
            "latency": latency(life, seconds, rate),
        }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each of the two")
    parser.add_argument("--rate", type=int, default=1_000, help="events a second where latency is measured")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        found = measure(Path(folder), given.seconds, given.rate)
    if given.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:12}", value if not isinstance(value, dict) else "  ".join(f"{key} {one}" for key, one in value.items()))


if __name__ == "__main__":
    main()
