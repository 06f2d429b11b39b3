"""Who may ask what: the session behind a request, the token of a form, and the headers of every answer."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestrator.console.accounts import Account, Accounts
from orchestrator.console.sessions import Session, Sessions

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "x-robots-tag": "noindex",
}
"""Nothing stands inline and nothing comes from elsewhere; Pico's signs are `data:` pictures in its style."""
_TLS = {"strict-transport-security": "max-age=31536000"}
_POLLING = "hx-request"
_OWN_SITES = ("same-origin", "none")


class Headed:
    """Puts these headers on every answer, whoever gave it."""

    def __init__(self, app: ASGIApp, *, https: bool) -> None:
        self._app, self._headers = app, HEADERS | (_TLS if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def headed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=_raw(message))
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, headed)


def _raw(message: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    message.setdefault("headers", [])
    return message


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who is logged in, and the name of their session."""

    name: str
    session: Session
    account: Account


@dataclass(frozen=True, slots=True)
class Guard:
    """The door of the console. `https`: a proxy in front of it speaks TLS, so cookies go by nothing else."""

    accounts: Accounts
    sessions: Sessions
    https: bool = False

    @property
    def cookie(self) -> str:
        """The name of the session's cookie."""
        return "__Host-console" if self.https else "console"

    def who(self, request: Request) -> Entered | None:
        """Who asks; None where nobody is logged in, or the account is no more what it was at login."""
        name = request.cookies.get(self.cookie, "")
        session = self.sessions.find(name, seen=not follows(request))
        if session is None:
            return None
        account = self.accounts.find(session.account)
        if account is None or account.since != session.account_since:
            self.sessions.end(name)
            return None
        return Entered(name, session, account)

    def is_ours(self, request: Request) -> bool:
        """Whether a form comes from our own page: as the browser says, else by its origin, which a proxy may not rewrite."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site in _OWN_SITES
        origin = request.headers.get("origin")
        return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def follows(request: Request) -> bool:
    """Whether a page asks by itself for what is new: nobody has to be there for that."""
    return _POLLING in request.headers


def within(path: str) -> str:
    """A path of the console, whatever was given: never a way out of it."""
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path
    return path if plain else "/"
