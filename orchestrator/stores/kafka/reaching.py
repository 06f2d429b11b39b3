"""How the brokers are reached: where they are, and how one is let in."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Self

from orchestrator.errors import UsageError

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


class Brokers(str):
    """The addresses of the brokers, `host:port,host:port`, and what opens them. A plain text of addresses is an open door."""

    __slots__ = ("_entry",)
    _entry: Mapping[str, Any]

    @classmethod
    def of(cls, addresses: str, settings: Mapping[str, str]) -> Self:
        """By the settings `security`, `ca`, `cert` (files), `mechanism`, `user`, `password`. Raises UsageError."""
        found = cls(addresses)
        found._entry = _entry(settings)
        return found

    @property
    def entry(self) -> Mapping[str, Any]:
        """What every client of aiokafka takes beside the addresses."""
        return getattr(self, "_entry", {})


def reaching(brokers: str) -> dict[str, Any]:
    """The arguments by which a consumer, a producer or an admin client reaches these brokers."""
    return {"bootstrap_servers": str(brokers), **(brokers.entry if isinstance(brokers, Brokers) else {})}


def _entry(settings: Mapping[str, str]) -> dict[str, Any]:
    protocol = _one_of(settings, "security", PROTOCOLS)
    told: dict[str, Any] = {"security_protocol": protocol} if protocol != PROTOCOLS[0] else {}
    if not told and "password" in settings:
        raise _wrong("password", f"opens nothing while ORCHESTRATOR_KAFKA_SECURITY is {protocol}")
    if "SSL" in protocol.split("_"):
        told["ssl_context"] = _ssl_context(settings)
    if protocol.startswith("SASL"):
        told["sasl_mechanism"] = _one_of(settings, "mechanism", MECHANISMS)
        told["sasl_plain_username"], told["sasl_plain_password"] = (_given(settings, name) for name in ("user", "password"))
    return told


def _ssl_context(settings: Mapping[str, str]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=settings.get("ca"))
        if "cert" in settings:
            context.load_cert_chain(settings["cert"])
    except (OSError, ssl.SSLError) as error:
        raise _wrong("ca" if "cert" not in settings else "cert", f"cannot be read: {error}") from None
    return context


def _one_of(settings: Mapping[str, str], name: str, known: tuple[str, ...]) -> str:
    found = settings.get(name, known[0]).upper()
    if found not in known:
        raise _wrong(name, f"{found!r} is none of {', '.join(known)}")
    return found


def _given(settings: Mapping[str, str], name: str) -> str:
    if not settings.get(name):
        raise _wrong(name, "is missing; these brokers ask who one is")
    return settings[name]


def _wrong(name: str, why: str) -> UsageError:
    return UsageError(f"ORCHESTRATOR_KAFKA_{name.upper()}: {why}")
