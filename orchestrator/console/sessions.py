"""Who is logged in: sessions in memory, so a restart of the console logs everybody out.

A session's name is drawn anew at each login, and its form token follows from it by a key of this process.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from orchestrator.console.limits import ABSOLUTE_S, IDLE_S, SESSIONS_KEPT, TOKEN_BYTES


@dataclass(slots=True)
class Session:
    """One login. `account_since` tells the account's password from a later one; times are monotone seconds."""

    account: str
    account_since: int
    begun: float
    used: float
    told: str = ""
    """What the next page says once."""

    def tell(self, words: str) -> None:
        """Say this on the next page."""
        self.told = words

    def take_told(self) -> str:
        """What is to be said now; it is said once."""
        told, self.told = self.told, ""
        return told


@dataclass(slots=True)
class Sessions:
    """All sessions of this process. `now` is monotone, in seconds."""

    now: Callable[[], float]
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(TOKEN_BYTES))
    _known: OrderedDict[str, Session] = field(default_factory=OrderedDict)

    def begin(self, account: str, account_since: int) -> str:
        """Begin a session under a name of its own."""
        name = secrets.token_urlsafe(TOKEN_BYTES)
        self._known[name] = Session(account, account_since, self.now(), self.now())
        if len(self._known) > SESSIONS_KEPT:
            self._known.popitem(last=False)
        return name

    def find(self, name: str, *, seen: bool = True) -> Session | None:
        """The session of that name, unless its time is over. `seen`: somebody is there, so it counts as used now."""
        session = self._known.get(name)
        if session is None:
            return None
        now = self.now()
        if now - session.used > IDLE_S or now - session.begun > ABSOLUTE_S:
            self.end(name)
            return None
        if seen:
            session.used = now
            self._known.move_to_end(name)
        return session

    def end(self, name: str) -> None:
        """End a session, if there is one."""
        self._known.pop(name, None)

    def token(self, name: str) -> str:
        """What a form of that session must bring, so that no other site can send it."""
        return hmac.new(self._key, name.encode("utf-8", "replace"), sha256).hexdigest()

    def admits(self, name: str, token: str) -> bool:
        """Whether a form's token is that of the session."""
        return hmac.compare_digest(self.token(name).encode(), token.encode("utf-8", "replace"))
