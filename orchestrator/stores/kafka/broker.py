"""A development broker: Apache Kafka in KRaft mode, one node, on this machine only. Its folder is all that it has.

`FOLDER/broker.json` says which process it is and where it listens; `FOLDER/log` holds its records, `FOLDER/broker.log` what it
has to say.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path
from uuid import uuid4

import msgspec
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from orchestrator.errors import StoreError
from orchestrator.stores.kafka.java import VERSION, class_path, java
from orchestrator.stores.kafka.limits import ANSWER_S, ASK_S, FORMAT_S, LOG_LINES, STARTS, STOP_S
from orchestrator.stores.kafka.running import Running, detach

HOST = "127.0.0.1"
_ASK_AGAIN_S = 0.1
_TAKEN = "Address already in use"
_PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
log.dirs={folder}/log
auto.create.topics.enable=false
unclean.leader.election.enable=false
offsets.topic.replication.factor={copies}
offsets.topic.num.partitions=8
transaction.state.log.replication.factor={copies}
transaction.state.log.min.isr={safe}
transaction.state.log.num.partitions=8
share.coordinator.state.topic.replication.factor={copies}
share.coordinator.state.topic.min.isr={safe}
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.dedupe.buffer.size=33554432
"""


class Ports(msgspec.Struct, frozen=True):
    """Where a node is found: by clients, and by the other nodes."""

    clients: int
    controllers: int


class Broker(msgspec.Struct, frozen=True):
    """A broker that was started in a folder."""

    running: Running
    port: int
    version: str = VERSION

    @property
    def address(self) -> str:
        """As clients name it."""
        return f"{HOST}:{self.port}"

    def topics(self) -> list[str]:
        """The names of its topics; StoreError where it does not answer."""
        try:
            return asyncio.run(asyncio.wait_for(_topics(self.address), ASK_S))
        except (KafkaError, OSError, TimeoutError) as error:
            message = f"the broker on {self.address} (process {self.running.pid}) does not answer: {error!r}"
            raise StoreError(message) from error


def found(folder: Path) -> Broker | None:
    """The broker that runs in this folder."""
    try:
        broker = msgspec.json.decode(_record(folder).read_bytes(), type=Broker)
    except (OSError, msgspec.DecodeError):
        return None
    return broker if broker.running.alive else None


def start(folder: Path, port: int) -> tuple[Broker, bool]:
    """The broker of this folder, started where it does not run, once it answers; and whether it was started now.

    Port 0 picks a free one. Its records stay in the folder from one start to the next.
    """
    with _alone(folder):
        running = found(folder)
        if running is not None:
            if port not in {0, running.port}:
                message = f"{folder}: its broker runs on port {running.port}; stop it first, or name another folder"
                raise StoreError(message)
            return running, False
        return _started(folder.absolute(), port), True


def stop(folder: Path) -> Broker | None:
    """End the broker of this folder, and no other process; None where none runs."""
    if not folder.is_dir():
        return None
    with _alone(folder):
        broker = found(folder)
        if broker is not None:
            broker.running.end(STOP_S)
        _record(folder).unlink(missing_ok=True)
        return broker


def _record(folder: Path) -> Path:
    return folder / "broker.json"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other command starts or stops it meanwhile."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "broker.lock").open("a") as lock:
            flock(lock, LOCK_EX)
            yield
            flock(lock, LOCK_UN)
    except OSError as error:
        message = f"{folder}: a broker cannot be kept there ({error}); name another folder"
        raise StoreError(message) from error


def _started(folder: Path, wanted: int) -> Broker:
    log = folder / "broker.log"
    for _ in range(STARTS):
        broker = launch(folder, 1, [Ports(free_port(wanted), free_port(0))], new_cluster())
        if _answers(broker):
            return broker
        broker.running.end(STOP_S)
        words = log.read_text(encoding="utf-8", errors="replace")
        if _TAKEN not in words:
            break
    end = "\n".join(words.splitlines()[-LOG_LINES:])
    message = f"the broker did not start; the end of {log}:\n{end}"
    raise StoreError(message)


def launch(folder: Path, number: int, nodes: Sequence[Ports], cluster: str) -> Broker:
    """Run one node of those, numbered from 1, without waiting for an answer; `cluster` is its name where its folder is new."""
    jars, settings, log = class_path(), folder / "server.properties", folder / "broker.log"
    settings.write_text(_properties(folder, number, nodes), encoding="utf-8")
    if not (folder / "log" / "meta.properties").exists():
        _format(jars, settings, cluster)
    log.unlink(missing_ok=True)
    broker = Broker(detach(java(jars, "kafka.Kafka", [str(settings)]), log), nodes[number - 1].clients)
    _record(folder).write_bytes(msgspec.json.encode(broker))
    return broker


def _properties(folder: Path, number: int, nodes: Sequence[Ports]) -> str:
    own, copies = nodes[number - 1], min(3, len(nodes))
    voters = ",".join(f"{one}@{HOST}:{ports.controllers}" for one, ports in enumerate(nodes, start=1))
    found = {"number": number, "voters": voters, "copies": copies, "safe": max(1, copies - 1)}
    return _PROPERTIES.format(host=HOST, port=own.clients, controller=own.controllers, folder=folder, **found)


def new_cluster() -> str:
    """A name that no other cluster has."""
    return urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")


def free_port(wanted: int) -> int:
    """A port that nobody listens on; StoreError where it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            message = f"{HOST}:{wanted} cannot be listened on ({error.strerror}); name another port with --port"
            raise StoreError(message) from error
        port: int = probe.getsockname()[1]
    return port


def _format(jars: str, settings: Path, cluster: str) -> None:
    """Make the folder of records ready: once in its life."""
    command = java(jars, "kafka.tools.StorageTool", ["format", f"--cluster-id={cluster}", "-c", str(settings)])
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=FORMAT_S)  # noqa: S603 - our own command
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stderr", "") or str(error)).strip()
        message = f"{settings.parent}: its folder of records could not be made ready: {told}"
        raise StoreError(message) from error


def _answers(broker: Broker) -> bool:
    """Wait until it answers a client; False where it has ended, or takes too long."""
    until = time.monotonic() + ANSWER_S
    while time.monotonic() < until and broker.running.alive:
        with suppress(StoreError):
            broker.topics()
            return True
        time.sleep(_ASK_AGAIN_S)
    return False


async def _topics(address: str) -> list[str]:
    with _silent():
        admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=int(ASK_S * 1_000))
        try:
            await admin.start()
            return sorted(await admin.list_topics())
        finally:
            await admin.close()


@contextmanager
def _silent() -> Iterator[None]:
    """Its client logs every refused connection; here that is an answer."""
    log = logging.getLogger("aiokafka")
    before, log.disabled = log.disabled, True
    names = [name for name in logging.Logger.manager.loggerDict if name.startswith("aiokafka.")]
    for name in names:
        logging.getLogger(name).disabled = True
    try:
        yield
    finally:
        log.disabled = before
        for name in names:
            logging.getLogger(name).disabled = False
