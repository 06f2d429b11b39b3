"""What our processes on Kafka have of Faust: life, pages and signals, and nothing else of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import faust
from faust.app import BootStrategy

from orchestrator.logs import say
from orchestrator.stores.kafka.limits import HEARTBEAT_MS, SESSION_MS


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the pages are."""

    host: str
    port: int


class _OwnConsumer(BootStrategy):
    """Faust's own consumer would start with nothing to subscribe to."""

    enable_kafka = False


class _Shell(faust.App):
    BootStrategy = _OwnConsumer


def app_of(name: str, brokers: str, folder: Path, listening: Listening) -> faust.App:
    """An app without agents: services are added to it."""
    return _Shell(
        f"{name}-shell",  # a group of its own: two protocols in one group exclude each other
        broker=f"kafka://{brokers}",
        datadir=str(folder),
        web_bind=listening.host,
        web_port=listening.port,
        topic_disable_leader=True,
        broker_session_timeout=SESSION_MS / 1_000,
        broker_heartbeat_interval=HEARTBEAT_MS / 1_000,
    )


def run(app: faust.App) -> None:
    """Work until told to stop; exits with code 1 where a service failed."""
    logging.getLogger("aiokafka").setLevel(logging.WARNING)  # Faust leaves it at DEBUG: each request would be described, unseen
    worker = faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False, override_logging=False)
    worker.spinner = None  # it writes to stdout, also where that is no terminal
    say(f"pages: http://{app.conf.web_bind}:{app.conf.web_port}/health, /ready, /metrics")
    worker.execute_from_commandline()
