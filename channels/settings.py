"""Reading a channel's settings: types, defaults and a clear word about what is wrong, without values: they may be secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args
from urllib.parse import urlsplit

from channels.limits import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, TIMEOUT_MAX_S
from orchestrator.delivery.channel import Kind
from orchestrator.errors import UsageError

Codes = Mapping[str, Kind]
"""A provider's code → why it refuses. Data: settings may override any entry."""

_VISIBLE = re.compile(r"[!-~](?:[ -~]*[!-~])?")


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. `connect` ends before a byte of ours has left, `read` begins then: that makes the two outcomes decidable."""

    connect: float
    read: float


@dataclass(slots=True)
class Settings:
    """One channel's settings, read by name. Raises UsageError that names the channel and the setting."""

    channel: str
    values: Mapping[str, Any]
    _read: set[str] = field(default_factory=set)

    def text(self, name: str, default: str | None = None) -> str:
        """A line of visible ASCII: what may go into a header, a URL or a command."""
        value = self._value(name, default)
        if not isinstance(value, str) or not _VISIBLE.fullmatch(value):
            raise self.wrong(name, "must be one line of ASCII text")
        return value

    def optional(self, name: str) -> str | None:
        """As `text`, or None where it is not given."""
        self._read.add(name)
        return None if self.values.get(name) is None else self.text(name)

    def mapping(self, name: str) -> Mapping[str, Any]:
        """A mapping that comes from a file, not from the environment; empty where it is not given."""
        value = self._value(name, {})
        if not isinstance(value, Mapping):
            raise self.wrong(name, "must be a mapping")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._value(name, default)
        if value not in (True, False, "true", "false"):
            raise self.wrong(name, "must be true or false")
        return value in (True, "true")

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        value = self._value(name, default)
        if isinstance(value, bool) or not re.fullmatch("[0-9]{1,9}", str(value)) or not least <= int(value) <= most:
            raise self.wrong(name, f"must be a whole number from {least} to {most}")
        return int(value)

    def base_url(self, default: str) -> str:
        """`base_url`: scheme, host and perhaps a path, without the last slash."""
        found = self.text("base_url", default)
        parts = urlsplit(found)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
            raise self.wrong("base_url", "must look like https://api.example.com")
        return found.rstrip("/")

    def timeouts(self) -> Timeouts:
        """`connect_timeout` and `read_timeout`, seconds."""
        return Timeouts(self._seconds("connect_timeout", CONNECT_TIMEOUT_S), self._seconds("read_timeout", READ_TIMEOUT_S))

    def codes(self, table: Codes) -> Codes:
        """The adapter's table, overridden by `codes`: a mapping, or `CODE=KIND,CODE=KIND` as an environment says it."""
        given = self._value("codes", {})
        if isinstance(given, str):
            pairs = (pair.partition("=") for pair in given.split(","))
            given = {code.strip(): kind.strip() for code, _, kind in pairs}
        if not isinstance(given, Mapping) or any(kind not in get_args(Kind) for kind in given.values()):
            raise self.wrong("codes", f"must map codes to {', '.join(get_args(Kind))}")
        return {**table, **{str(code): cast("Kind", kind) for code, kind in given.items()}}

    def finish(self) -> None:
        """Refuse settings that nothing has read: a misspelt name would be a silent default."""
        unknown = sorted(set(self.values) - self._read)
        if unknown:
            raise self.wrong(unknown[0], f"is unknown here; known are {', '.join(sorted(self._read))}")

    def wrong(self, name: str, rule: str) -> UsageError:
        return UsageError(f"channel {self.channel}: setting {name!r} {rule}")

    def _value(self, name: str, default: Any) -> Any:
        self._read.add(name)
        value = self.values.get(name)
        if value is None:
            value = default
        if value is None:
            raise self.wrong(name, "is missing")
        return value

    def _seconds(self, name: str, default: float) -> float:
        value = self._value(name, default)
        try:
            seconds = 0.0 if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            seconds = 0.0
        if not 0 < seconds <= TIMEOUT_MAX_S:
            raise self.wrong(name, f"must be seconds, more than 0 and at most {TIMEOUT_MAX_S:g}")
        return seconds
