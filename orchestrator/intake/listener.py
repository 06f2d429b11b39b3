"""The contract with those who read what providers tell us: one a provider, in `channels/`, found by entry point.

A listener says whether a request is its provider's, and reads it; it decides no policy and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrator.domain.input import Receipt


@dataclass(frozen=True, slots=True)
class Called:
    """One request. `url` is where the provider believes to be, never what the request says of itself; header names are in
    small letters.
    """

    url: str
    headers: Mapping[str, str]
    body: bytes
    now: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A receipt, and where its profile is. `suppresses`: as what the address `to` is listed by it, empty where it is not."""

    home: int
    key: int
    receipt: Receipt
    to: str = ""
    suppresses: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """An SMS to one of our numbers. `opt_out_type`: what the provider itself took it for."""

    sender: str
    to: str
    body: str
    opt_out_type: str = ""
    provider_id: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What one request says. `foreign`: parts that are about no message of ours, `broken`: those that cannot be read."""

    heard: Sequence[Heard] = ()
    texts: Sequence[Text] = ()
    foreign: int = 0
    broken: int = 0


class Listener(Protocol):
    """One provider's word. `settings` are those of its adapter."""

    def __init__(self, settings: Mapping[str, Any]) -> None: ...

    @property
    def ready(self) -> bool:
        """Whether the settings say by what it is known; without that nothing is believed."""
        ...

    def signed(self, called: Called) -> bool:
        """Whether the provider has signed this."""
        ...

    def read(self, called: Called) -> Told:
        """What it says. Raises ValueError where the whole body is nothing that this provider sends."""
        ...
