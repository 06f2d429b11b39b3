"""Settings: the only reader of the environment. Secrets come by environment variable, never on a command line.

ORCHESTRATOR_EMAIL, ORCHESTRATOR_SMS     the channel adapter of each: file (default), sendgrid, smtp, twilio
ORCHESTRATOR_EMAIL_RATE, …_SMS_RATE      messages a second on the channel, 100 by default
ORCHESTRATOR_KEYS                        write keys of the sources: `shop=KEY,site=KEY`; none: open
ORCHESTRATOR_<ADAPTER>_<SETTING>         a setting of an adapter, such as ORCHESTRATOR_SENDGRID_API_KEY
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import environ

from orchestrator.errors import UsageError

_PREFIX = "ORCHESTRATOR_"
_CHANNELS = ("email", "sms")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    adapters: Mapping[str, str] = field(default_factory=dict)
    """channel → name of its adapter."""
    adapter_settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rates: Mapping[str, int] = field(default_factory=dict)
    """channel → messages a second, where one is given."""
    keys: Mapping[str, str] = field(default_factory=dict)


def read_settings(variables: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from these variables, the process's own by default; UsageError says which one is wrong."""
    found = environ if variables is None else variables
    adapters = {channel: found.get(f"{_PREFIX}{channel.upper()}", "file") for channel in _CHANNELS}
    of_adapters = {name: _of_adapter(found, name) for name in set(adapters.values())}
    return Settings(adapters, of_adapters, _rates(found), _keys(found))


def _of_adapter(found: Mapping[str, str], name: str) -> dict[str, str]:
    start = f"{_PREFIX}{name.upper()}_"
    return {key[len(start) :].lower(): value for key, value in found.items() if key.startswith(start)}


def _keys(found: Mapping[str, str]) -> dict[str, str]:
    pairs = [part.partition("=") for part in found.get(f"{_PREFIX}KEYS", "").split(",") if part]
    if any(not (name and key) for name, _, key in pairs):
        message = f"{_PREFIX}KEYS: write it as `source=key,source=key`"
        raise UsageError(message)
    return {name.strip(): key.strip() for name, _, key in pairs}


def _rates(found: Mapping[str, str]) -> dict[str, int]:
    names = {channel: f"{_PREFIX}{channel.upper()}_RATE" for channel in _CHANNELS}
    return {channel: _rate(name, found[name]) for channel, name in names.items() if name in found}


def _rate(name: str, given: str) -> int:
    if not (given.isascii() and given.isdigit() and int(given)):
        message = f"{name}: {given!r} is not a number of messages a second; write a whole number from 1"
        raise UsageError(message)
    return int(given)
