"""Several development brokers that are one cluster, to see what becomes of everything else when some of them fail.

`FOLDER/cluster.json` says which ports its nodes have, for its life; node N has the folder `FOLDER/N`.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec
from aiokafka.errors import KafkaError

from orchestrator.errors import StoreError
from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.broker import HOST, Broker, Ports, free_port, launch, new_cluster
from orchestrator.stores.kafka.limits import ANSWER_S, ASK_S, STOP_S
from orchestrator.stores.kafka.topics import asking

_ASK_AGAIN_S = 0.5


def is_cluster(folder: Path) -> bool:
    """Whether several nodes were started there."""
    return (folder / "cluster.json").exists()


class _Kept(msgspec.Struct, frozen=True):
    name: str
    nodes: list[Ports]


class Cluster:
    """The nodes of one folder, numbered from 1."""

    def __init__(self, folder: Path, nodes: int, port: int = 0) -> None:
        """Where the folder has a cluster already, the rest says nothing. Port 0: free ones; else that, and the next ones."""
        self.folder = folder.absolute()
        self._kept = self._read() or self._make(nodes, port)

    def _read(self) -> _Kept | None:
        try:
            return msgspec.json.decode((self.folder / "cluster.json").read_bytes(), type=_Kept)
        except FileNotFoundError:
            return None

    def _make(self, nodes: int, port: int) -> _Kept:
        ports = [Ports(free_port(port + number if port else 0), free_port(0)) for number in range(nodes)]
        kept = _Kept(new_cluster(), ports)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "cluster.json").write_bytes(msgspec.json.encode(kept))
        return kept

    @property
    def address(self) -> str:
        """All nodes, as clients name them."""
        return ",".join(f"{HOST}:{node.clients}" for node in self._kept.nodes)

    @property
    def numbers(self) -> range:
        return range(1, len(self._kept.nodes) + 1)

    def running(self) -> dict[int, Broker]:
        """Those that run."""
        return {number: one for number in self.numbers if (one := broker.found(self._of(number))) is not None}

    def start(self, *numbers: int) -> None:
        """Start these, or all that do not run; returns once every node that runs is known to the cluster."""
        running = self.running()
        for number in numbers or self.numbers:
            if number not in running:
                self._of(number).mkdir(parents=True, exist_ok=True)
                launch(self._of(number), number, self._kept.nodes, self._kept.name)
        self._await(len(self.running()))

    def stop(self, *numbers: int) -> None:
        """End these, or all, in order."""
        for number in numbers or self.numbers:
            broker.stop(self._of(number))

    def kill(self, *numbers: int) -> None:
        """End these as a power cut would."""
        for number, one in self.running().items():
            if number in numbers:
                one.running.kill(STOP_S)

    def _of(self, number: int) -> Path:
        return self.folder / str(number)

    def _await(self, nodes: int) -> None:
        patience_s = ANSWER_S * len(self._kept.nodes)
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            if _known(self.address) >= nodes:
                return
            time.sleep(_ASK_AGAIN_S)
        message = (
            f"{self.folder}: its nodes did not find each other within {patience_s:g} s; look into {self.folder}/*/broker.log"
        )
        raise StoreError(message)


def _known(address: str) -> int:
    """How many nodes the cluster knows of; none where nobody answers."""
    try:
        return asyncio.run(asyncio.wait_for(_nodes(address), ASK_S))
    except (StoreError, KafkaError, OSError, TimeoutError):
        return 0


async def _nodes(address: str) -> int:
    async with asking(address) as admin:
        return len((await admin.describe_cluster())["brokers"])
