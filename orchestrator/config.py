"""Settings: the only reader of the environment. Secrets come by environment variable, never on a command line.

ORCHESTRATOR_EMAIL, ORCHESTRATOR_SMS     the channel adapter of each: file (default), sendgrid, smtp, twilio
ORCHESTRATOR_WEBHOOK                     how webhooks are asked: webhook (default), or file, which answers nothing
ORCHESTRATOR_EMAIL_RATE, …_SMS_RATE      messages a second on the channel, 100 by default
ORCHESTRATOR_WEBHOOK_RATE                the same of webhooks
ORCHESTRATOR_<ADAPTER>_RATE              the same by one account, such as ORCHESTRATOR_TWILIO_RATE
ORCHESTRATOR_SENDER_RATES                the same of senders: `shop=10,alerts=1`, by their names in senders.yaml
ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE       true: webhooks may lead to addresses inside, and by plain http
ORCHESTRATOR_KEYS                        write keys of the sources: `shop=KEY,site=KEY`; none: open
ORCHESTRATOR_PUBLIC_URL                  where recipients and providers reach this door: links to surveys begin with it
ORCHESTRATOR_SURVEY_KEY                  signs these links; the state file's own key by default
ORCHESTRATOR_ADDRESS_KEY                 hashes addresses for the list of those that nothing is sent to; as the one before
ORCHESTRATOR_STOP                        what a STOP by SMS ends: all (default), or sender, what our one number sends
ORCHESTRATOR_ENVIRONMENT                 production (default), or staging, which sends nothing without a safe list
ORCHESTRATOR_SAFE_LIST                   addresses, or `@domain`s, apart by commas: nothing is sent to any other
ORCHESTRATOR_KAFKA_BROKERS               where Kafka is, for every command that --brokers does not tell
ORCHESTRATOR_KAFKA_SECURITY              how brokers let one in: PLAINTEXT (default), SSL, SASL_PLAINTEXT, SASL_SSL
ORCHESTRATOR_KAFKA_CA, …_KAFKA_CERT      files: whom to trust, and a certificate of one's own with its key
ORCHESTRATOR_KAFKA_MECHANISM             PLAIN (default), SCRAM-SHA-256, SCRAM-SHA-512
ORCHESTRATOR_KAFKA_USER, …_KAFKA_PASSWORD who one is
ORCHESTRATOR_LOG                         how processes log: text (default), or json, one object a line
ORCHESTRATOR_UNSUBSCRIBE_MAIL            a mailbox that takes wishes to unsubscribe, offered beside the link
OTEL_EXPORTER_OTLP_ENDPOINT              where traces go; the other variables of OpenTelemetry hold too
ORCHESTRATOR_<ADAPTER>_<SETTING>         a setting of an adapter, such as ORCHESTRATOR_SENDGRID_API_KEY
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import environ
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from orchestrator.errors import UsageError

_PREFIX = "ORCHESTRATOR_"
KAFKA_BROKERS = f"{_PREFIX}KAFKA_BROKERS"
"""Read by the command line, as what `--brokers` is by default."""
_KEY_BYTES = 16
_ENVIRONMENT = f"{_PREFIX}ENVIRONMENT"
STAGING = "staging"
ENVIRONMENTS = ("production", STAGING)
_MAILBOX = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_CHANNELS = {"email": "file", "sms": "file", "webhook": "webhook"}
"""channel → its adapter where nothing is said."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    adapters: Mapping[str, str] = field(default_factory=dict)
    """channel → name of its adapter."""
    adapter_settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rates: Mapping[str, int] = field(default_factory=dict)
    """A channel, `account/ADAPTER` or `sender/NAME` → messages a second (of SMS segments), where one is given."""
    keys: Mapping[str, str] = field(default_factory=dict)
    public_url: str = ""
    """Without a slash at its end; empty where none is given."""
    survey_key: bytes = field(default=b"", repr=False)
    address_key: bytes = field(default=b"", repr=False)
    stop: Literal["all", "sender"] = "all"
    safe_list: frozenset[str] = frozenset()
    """Addresses and `@domain`s in lower case; empty: there is none, and every address is reached."""
    unsubscribe_mail: str = ""
    environment: str = "production"

    def reaches(self, address: str) -> bool:
        """Whether the safe list, if there is one, admits the address."""
        plain = address.strip().lower()
        return not self.safe_list or plain in self.safe_list or f"@{plain.rpartition('@')[2]}" in self.safe_list


def read_settings(variables: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from these variables, the process's own by default; UsageError says which one is wrong."""
    found = environ if variables is None else variables
    adapters = {channel: found.get(f"{_PREFIX}{channel.upper()}", usual) for channel, usual in _CHANNELS.items()}
    of_adapters = {name: _of_adapter(found, name) for name in set(adapters.values())}
    return Settings(
        adapters,
        of_adapters,
        _rates(found, of_adapters),
        _pairs(found, "KEYS", "source=key,source=key"),
        _public_url(found),
        _key(found, "SURVEY_KEY"),
        _key(found, "ADDRESS_KEY"),
        _stop(found),
        _safe_list(found),
        _mailbox(found),
        _environment(found),
    )


def sending_settings(environment: str | None = None, variables: Mapping[str, str] | None = None) -> Settings:
    """The settings of a process that sends, in that environment if one is named.

    UsageError where that is staging and no safe list says whom it may reach.
    """
    found = dict(environ if variables is None else variables)
    if environment is not None:
        found[_ENVIRONMENT] = environment
    settings = read_settings(found)
    if settings.environment == STAGING and not settings.safe_list:
        message = (
            f"this is staging, and {_PREFIX}SAFE_LIST does not say whom it may reach: set it to the addresses or @domains of"
            " those who test (nothing is sent to any other)"
        )
        raise UsageError(message)
    return settings


def log_form(variables: Mapping[str, str] | None = None) -> Literal["text", "json"]:
    """How this process logs; UsageError where it is none of the ways."""
    given = (environ if variables is None else variables).get(f"{_PREFIX}LOG", "") or "text"
    if given not in ("text", "json"):
        message = f"{_PREFIX}LOG: {given!r} is not how a process can log; write text or json"
        raise UsageError(message)
    return "json" if given == "json" else "text"


def traces_wanted(variables: Mapping[str, str] | None = None) -> bool:
    """Whether OpenTelemetry's own variables name a receiver of traces and do not switch it off."""
    found = environ if variables is None else variables
    named = any(found.get(f"OTEL_EXPORTER_OTLP_{name}ENDPOINT") for name in ("", "TRACES_"))
    off = found.get("OTEL_SDK_DISABLED", "").lower() == "true" or found.get("OTEL_TRACES_EXPORTER") == "none"
    return named and not off


def kafka_settings(variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """How brokers are reached, by name in lower case (`security`, `user`, …)."""
    start = f"{_PREFIX}KAFKA_"
    found = environ if variables is None else variables
    return {key[len(start) :].lower(): value for key, value in found.items() if key.startswith(start) and value}


def _of_adapter(found: Mapping[str, str], name: str) -> dict[str, str]:
    start = f"{_PREFIX}{name.upper()}_"
    return {key[len(start) :].lower(): value for key, value in found.items() if key.startswith(start) and key != f"{start}RATE"}


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


def _pairs(found: Mapping[str, str], name: str, shape: str = "name=number,name=number") -> dict[str, str]:
    pairs = [part.partition("=") for part in found.get(f"{_PREFIX}{name}", "").split(",") if part]
    if any(not (one and other) for one, _, other in pairs):
        message = f"{_PREFIX}{name}: write it as `{shape}`"
        raise UsageError(message)
    return {one.strip(): other.strip() for one, _, other in pairs}


def _public_url(found: Mapping[str, str]) -> str:
    given = found.get(f"{_PREFIX}PUBLIC_URL", "").strip().rstrip("/")
    parts = urlsplit(given)
    if given and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        message = f"{_PREFIX}PUBLIC_URL: {given!r} is not where a door can be; write it as `https://shop.example`"
        raise UsageError(message)
    return given


def _key(found: Mapping[str, str], name: str) -> bytes:
    given = found.get(f"{_PREFIX}{name}", "").encode()
    if given and len(given) < _KEY_BYTES:
        message = f"{_PREFIX}{name}: write {_KEY_BYTES} characters or more"
        raise UsageError(message)
    return given


def _stop(found: Mapping[str, str]) -> Literal["all", "sender"]:
    given = found.get(f"{_PREFIX}STOP", "all")
    if given not in ("all", "sender"):
        message = f"{_PREFIX}STOP: {given!r} is not what a STOP can end; write all or sender"
        raise UsageError(message)
    return "sender" if given == "sender" else "all"


def _environment(found: Mapping[str, str]) -> str:
    given = found.get(_ENVIRONMENT, "") or ENVIRONMENTS[0]
    if given not in ENVIRONMENTS:
        message = f"{_ENVIRONMENT} (--environment): there is no environment {given!r}; write {' or '.join(ENVIRONMENTS)}"
        raise UsageError(message)
    return given


def _safe_list(found: Mapping[str, str]) -> frozenset[str]:
    given = [part.strip().lower() for part in found.get(f"{_PREFIX}SAFE_LIST", "").split(",")]
    if f"{_PREFIX}SAFE_LIST" in found and not any(given):
        message = f"{_PREFIX}SAFE_LIST: it names nobody; write addresses or @domains, or do not set it"
        raise UsageError(message)
    return frozenset(part for part in given if part)


def _mailbox(found: Mapping[str, str]) -> str:
    given = found.get(f"{_PREFIX}UNSUBSCRIBE_MAIL", "").strip()
    if given and not _MAILBOX.fullmatch(given):
        message = f"{_PREFIX}UNSUBSCRIBE_MAIL: {given!r} is not a mailbox; write it as `unsubscribe@shop.example`"
        raise UsageError(message)
    return given


def _rates(found: Mapping[str, str], adapters: Iterable[str]) -> dict[str, int]:
    """A channel's is its own; an adapter that is called as a channel has that one."""
    accounts = {f"account/{name}": name for name in adapters if name not in _CHANNELS}
    names = {of: f"{_PREFIX}{name.upper()}_RATE" for of, name in (*((one, one) for one in _CHANNELS), *accounts.items())}
    of_senders = _pairs(found, "SENDER_RATES")
    rates = {of: _rate(name, found[name]) for of, name in names.items() if name in found}
    return rates | {f"sender/{name}": _rate(f"{_PREFIX}SENDER_RATES", given) for name, given in of_senders.items()}


def _rate(name: str, given: str) -> int:
    if not (given.isascii() and given.isdigit() and int(given)):
        message = f"{name}: {given!r} is not a number of messages a second; write a whole number from 1"
        raise UsageError(message)
    return int(given)
