"""The same recorded events through every store: each profile must come to the same bytes.

    uv run python tests/replay/every_store.py ../shared/data/events/uci_online_retail.jsonl.gz

In memory, in an SQLite file, and on a real broker with 1, 2 and 8 partitions, by the demo's workspace; without a file, the
orders of CDNOW that are shipped.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from orchestrator.authoring import load_program
from orchestrator.bootstrap import StoreKind, open_store
from orchestrator.cli.demo import lay_out
from orchestrator.domain.program import Program
from orchestrator.insight.replay import replay
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.files import read_events
from orchestrator.partition.ports import Stored
from orchestrator.stores.kafka import broker

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "orchestrator/insight/sample/cdnow_sample.jsonl.gz"
STORES: tuple[tuple[StoreKind, int], ...] = (
    ("memory", 1),
    ("sqlite", 1),
    ("sqlite", 8),
    ("kafka", 1),
    ("kafka", 2),
    ("kafka", 8),
)


def profiles_digest(profiles: Iterable[tuple[int, Stored]]) -> str:
    """Of everybody's bytes, in the order of their ids."""
    digest = hashlib.sha256()
    for raw, sealed in sorted((stored.raw, stored.sealed) for _, stored in profiles):
        digest.update(raw.encode() + b"\0" + sealed)
    return digest.hexdigest()[:16]


def one(program: Program, events: Path, kind: StoreKind, partitions: int, brokers: str, folder: Path) -> dict[str, object]:
    """What a replay through this store comes to."""
    catalogue, begun = Catalogue(program.events), time.monotonic()
    lines = read_events([events], None, validate=catalogue.validate, things=catalogue.things)
    state = folder / f"{events.stem}-{partitions}.sqlite" if kind == "sqlite" else None
    with open_store(kind, partitions, state, brokers if kind == "kafka" else None) as opened:
        found = replay(program, lines, opened.partitions, every_profile=opened.every_profile)
        bytes_of_all = profiles_digest(opened.every_profile())
    told = found.summary()
    wanted = {name: told[name] for name in ("digest", "profiles", "events")}
    return {"profiles' bytes": bytes_of_all, **wanted, "s": round(time.monotonic() - begun, 1)}


def main() -> int:
    """A line for each store; 1 where two differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", type=Path, nargs="*", default=[SAMPLE])
    given, differ = parser.parse_args(), False
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="every-store-") as folder:
        program = load_program(lay_out(Path(folder) / "workspace"))
        running, _ = broker.start(Path(folder) / "broker", 0)
        try:
            for events in given.events:
                seen = set()
                for kind, partitions in STORES:
                    found = one(program, events, kind, partitions, running.address, Path(folder))
                    told = {"of": events.name, "store": kind, "partitions": partitions, **found}
                    sys.stdout.write(json.dumps(told) + "\n")
                    sys.stdout.flush()
                    seen.add((found["profiles' bytes"], found["digest"]))
                differ |= len(seen) > 1
        finally:
            broker.stop(Path(folder) / "broker")
    return int(differ)


if __name__ == "__main__":
    sys.exit(main())
