"""What a page is asked, by whom, and the answers that it may give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestrator.console.accounts import Account, Role
from orchestrator.console.logbook import Logbook
from orchestrator.console.sessions import Session
from orchestrator.console.speech import Speech
from orchestrator.console.state import State
from orchestrator.stores.reader import SqliteReader


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of somebody who is logged in. `now` is the wall's time, in milliseconds."""

    state: State
    reader: SqliteReader
    account: Account
    session: Session
    speech: Speech
    now: int
    path: str
    places: Mapping[str, str] = field(default_factory=dict)
    """What the path's places hold."""
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    logbook: Logbook | None = None
    """None: nobody keeps one."""

    @property
    def acts(self) -> bool:
        """Whether this account may act."""
        return self.account.role is Role.operator


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: its template, and what that reads."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Look there next: a path of the console."""

    path: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A file: what it holds, what it is, and what it is called."""

    content: bytes
    media: str
    name: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """Nothing new since a page looked last."""


Answer = Shown | Elsewhere | Sent | Unchanged
Page = Callable[[Asked], Answer]


@dataclass(frozen=True, slots=True)
class Place:
    """A path of the console, who may ask for it, and what answers. `acts`: a form is sent there."""

    path: str
    page: Page
    acts: bool = False
    role: Role = Role.viewer
