"""Settings: the only reader of the environment. Secrets come by environment variable, never on a command line.

ORCHESTRATOR_EMAIL, ORCHESTRATOR_SMS     the channel adapter of each: file (default), sendgrid, smtp, twilio
ORCHESTRATOR_WEBHOOK                     how webhooks are asked: webhook (default), or file, which answers nothing
ORCHESTRATOR_EMAIL_RATE, …_SMS_RATE      messages a second on the channel, 100 by default
ORCHESTRATOR_WEBHOOK_RATE                the same of webhooks
ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE       true: webhooks may lead to addresses inside, and by plain http
ORCHESTRATOR_KEYS                        write keys of the sources: `shop=KEY,site=KEY`; none: open
ORCHESTRATOR_PUBLIC_URL                  where recipients reach this door: links to surveys begin with it
ORCHESTRATOR_SURVEY_KEY                  signs these links; the state file's own key by default
ORCHESTRATOR_<ADAPTER>_<SETTING>         a setting of an adapter, such as ORCHESTRATOR_SENDGRID_API_KEY
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from urllib.parse import urlsplit

from orchestrator.errors import UsageError

_PREFIX = "ORCHESTRATOR_"
_SURVEY_KEY_BYTES = 16
_CHANNELS = {"email": "file", "sms": "file", "webhook": "webhook"}
"""channel → its adapter where nothing is said."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    adapters: Mapping[str, str] = field(default_factory=dict)
    """channel → name of its adapter."""
    adapter_settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rates: Mapping[str, int] = field(default_factory=dict)
    """channel → messages a second, where one is given."""
    keys: Mapping[str, str] = field(default_factory=dict)
    public_url: str = ""
    """Without a slash at its end; empty where none is given."""
    survey_key: bytes = field(default=b"", repr=False)


def read_settings(variables: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from these variables, the process's own by default; UsageError says which one is wrong."""
    found = environ if variables is None else variables
    adapters = {channel: found.get(f"{_PREFIX}{channel.upper()}", usual) for channel, usual in _CHANNELS.items()}
    of_adapters = {name: _of_adapter(found, name) for name in set(adapters.values())}
    return Settings(adapters, of_adapters, _rates(found), _keys(found), _public_url(found), _survey_key(found))


def _of_adapter(found: Mapping[str, str], name: str) -> dict[str, str]:
    start = f"{_PREFIX}{name.upper()}_"
    rate = f"{start}RATE" if name in _CHANNELS else ""
    return {key[len(start) :].lower(): value for key, value in found.items() if key.startswith(start) and key != rate}


def secret_of(reference: str, variables: Mapping[str, str] | None = None) -> str:
    """The secret that `env:NAME` or `file:PATH` names; UsageError where there is none, without a word of its content."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        secret = (environ if variables is None else variables).get(name, "")
    else:
        try:
            secret = Path(name).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            message = f"{reference}: the secret cannot be read ({type(error).__name__})"
            raise UsageError(message) from None
    if not secret.strip():
        message = f"{reference}: the secret is empty or not set"
        raise UsageError(message)
    return secret.strip()


def _keys(found: Mapping[str, str]) -> dict[str, str]:
    pairs = [part.partition("=") for part in found.get(f"{_PREFIX}KEYS", "").split(",") if part]
    if any(not (name and key) for name, _, key in pairs):
        message = f"{_PREFIX}KEYS: write it as `source=key,source=key`"
        raise UsageError(message)
    return {name.strip(): key.strip() for name, _, key in pairs}


def _public_url(found: Mapping[str, str]) -> str:
    given = found.get(f"{_PREFIX}PUBLIC_URL", "").strip().rstrip("/")
    parts = urlsplit(given)
    if given and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        message = f"{_PREFIX}PUBLIC_URL: {given!r} is not where a door can be; write it as `https://shop.example`"
        raise UsageError(message)
    return given


def _survey_key(found: Mapping[str, str]) -> bytes:
    given = found.get(f"{_PREFIX}SURVEY_KEY", "").encode()
    if given and len(given) < _SURVEY_KEY_BYTES:
        message = f"{_PREFIX}SURVEY_KEY: write {_SURVEY_KEY_BYTES} characters or more"
        raise UsageError(message)
    return given


def _rates(found: Mapping[str, str]) -> dict[str, int]:
    names = {channel: f"{_PREFIX}{channel.upper()}_RATE" for channel in _CHANNELS}
    return {channel: _rate(name, found[name]) for channel, name in names.items() if name in found}


def _rate(name: str, given: str) -> int:
    if not (given.isascii() and given.isdigit() and int(given)):
        message = f"{name}: {given!r} is not a number of messages a second; write a whole number from 1"
        raise UsageError(message)
    return int(given)
