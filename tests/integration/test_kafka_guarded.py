"""Brokers that speak TLS only and ask who one is: every part of a deployment gets in with the same settings."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest
from aiokafka import AIOKafkaProducer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from orchestrator.bootstrap.mirror import Workers
from orchestrator.config import kafka_settings
from orchestrator.console.mirroring import mirrored
from orchestrator.errors import StoreError, UsageError
from orchestrator.partition.engine import home_of
from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.java import JarsAbsent
from orchestrator.stores.kafka.reaching import Brokers, reaching
from orchestrator.stores.reader import open_reader
from tests.integration.feeder import events
from tests.integration.workers import Place, Worker, governed, until

COUNT = 30
GUARD = """
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_ssl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_shop="{password}";
ssl.keystore.type=PEM
ssl.keystore.location={pem}
"""
PASSWORD = "a long pass word"  # noqa: S105 - of a broker that lives as long as this test


def certificate(folder: Path) -> Path:
    """A key and its own certificate for this machine, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "broker")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(broker.HOST))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = folder / "broker.pem"
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def guarded(folder: Path) -> Iterator[tuple[str, Path]]:
    """A broker with a guarded door beside its open one; gives the guarded one's address and whom to trust."""
    port, pem = broker.free_port(0), certificate(folder)
    door = f"SASL_SSL://{broker.HOST}:{port}"
    lines = (broker._PROPERTIES + GUARD.format(password=PASSWORD, pem=pem)).splitlines()
    changed = [f"{line},{door}" if line.startswith(("listeners=", "advertised.")) else line for line in lines]
    with mock.patch.object(broker, "_PROPERTIES", "\n".join(changed) + "\n"):
        try:
            broker.start(folder / "broker", 0)
        except JarsAbsent as error:
            pytest.skip(str(error))
    try:
        yield f"{broker.HOST}:{port}", pem
    finally:
        broker.stop(folder / "broker")


def test_a_deployment_works_behind_tls_and_passwords(tmp_path: Path) -> None:
    with guarded(tmp_path) as (address, pem):
        opens = {"SECURITY": "SASL_SSL", "CA": str(pem), "USER": "shop", "PASSWORD": PASSWORD}
        environment = {f"ORCHESTRATOR_KAFKA_{name}": value for name, value in opens.items()}
        brokers = Brokers.of(address, kafka_settings(environment))
        place = Place(brokers, tmp_path / "run")
        with mock.patch.dict(os.environ, environment), governed(place):
            worker = Worker(place, 0).ready()
            try:
                asyncio.run(_emit(place))
                until(place.drained, "all inputs to be decided")
                until(lambda: worker.health()["governor"] is True, "the governor to be heard")
                told = _events(place)
                mirror = tmp_path / "mirror.sqlite"
                with mirrored(Workers(brokers, place.topic, place.name), mirror):
                    known = {f"u:{key}" for key, _ in events(1, COUNT)}
                    until(lambda: _customers(mirror) == known, "the mirror to be let in")
                assert worker.terminate() == 0
            finally:
                worker.kill()
        assert sorted(told) == sorted(event["messageId"] for _, event in events(1, COUNT))
        stranger = _started(place, {**environment, "ORCHESTRATOR_KAFKA_PASSWORD": "guessed"})
        assert stranger.returncode == 1
        assert "no broker answers there or lets us in" in stranger.stderr
        assert "guessed" not in stranger.stderr


async def _emit(place: Place) -> None:
    async with AIOKafkaProducer(**reaching(place.brokers)) as producer:
        for key, event in events(1, COUNT):
            await producer.send_and_wait(place.topic, json.dumps(event).encode(), partition=home_of(f"u:{key}", 1))


def _events(place: Place) -> list[str]:
    """What the command reads back."""
    command = ["events", "--brokers", place.brokers, "--input", place.topic]
    ran = subprocess.run([sys.executable, "-m", "orchestrator", *command], capture_output=True, text=True, check=True)
    return [json.loads(line)["messageId"] for line in ran.stdout.splitlines()]


def _customers(mirror: Path) -> set[str]:
    try:
        with open_reader(mirror) as reader:
            return {stored.raw for _, stored in reader.everybody()}
    except StoreError:
        return set()


def _started(place: Place, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["worker", str(place.workspace), "--brokers", place.brokers, "--input", place.topic, "--development"]
    settings = {**os.environ, **environment}
    where = [*command, "--dir", str(place.folder / "stranger")]
    call = [sys.executable, "-m", "orchestrator", *where]
    return subprocess.run(call, capture_output=True, text=True, check=False, env=settings, timeout=120)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"security": "TLS"}, "ORCHESTRATOR_KAFKA_SECURITY: 'TLS' is none of PLAINTEXT, SSL"),
        ({"security": "SASL_SSL", "user": "shop"}, "ORCHESTRATOR_KAFKA_PASSWORD: is missing"),
        ({"security": "SSL", "ca": "nowhere.pem"}, "ORCHESTRATOR_KAFKA_CA: cannot be read"),
        ({"password": "x"}, "ORCHESTRATOR_KAFKA_PASSWORD: opens nothing while"),
    ],
)
def test_settings_that_open_nothing_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Brokers.of("127.0.0.1:9092", given)


def test_what_else_the_environment_says_is_not_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes sets such variables where a service is called orchestrator-kafka."""
    monkeypatch.setenv("ORCHESTRATOR_KAFKA_SERVICE_HOST", "10.0.0.1")
    assert reaching(Brokers.of("127.0.0.1:9092", kafka_settings())) == {"bootstrap_servers": "127.0.0.1:9092"}
