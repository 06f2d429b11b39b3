"""Logging in and out, and the language of the pages."""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from hashlib import sha256

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from orchestrator.console.forms import TOKEN, read_form
from orchestrator.console.guard import Guard, within
from orchestrator.console.limits import LOGINS_AT_ONCE, NAME_MAX_CHARS, TOKEN_BYTES
from orchestrator.console.lockout import Lockout
from orchestrator.console.log import log
from orchestrator.console.logbook import ENTERED, LOCKED, WRONG, logbook_of
from orchestrator.console.press import edition, press
from orchestrator.console.speech import LANGUAGES, Speech, language_of

LANGUAGE = "language"
_FRESH = "fresh"
_YEAR_S = 31_536_000


@dataclass(slots=True)
class Login:
    """The page on which somebody says who they are. Its form has a token too, tied to a cookie of its own."""

    guard: Guard
    lockout: Lockout
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(TOKEN_BYTES))
    _trying: CapacityLimiter | None = None

    async def page(self, request: Request) -> Response:
        """The form."""
        return self._form(request, within(request.query_params.get("to", "/")))

    async def enter(self, request: Request) -> Response:
        """Try a name and a password."""
        form = await read_form(request)
        fresh, to = request.cookies.get(_FRESH, ""), within(form.get("to", "/"))
        if not (
            fresh
            and self.guard.is_ours(request)
            and hmac.compare_digest(self._token(fresh), form.get(TOKEN, "").encode("utf-8", "replace"))
        ):
            return self._form(request, to, "This form is too old: send it once more.", status=403)
        name = form.get("name", "").strip()[:NAME_MAX_CHARS]
        if self.lockout.locked_for(name):
            await self._note(name, LOCKED)
            return self._form(request, to, "Too many wrong passwords: wait a while, then try again.", status=429)
        self.lockout.failed(name)
        self._trying = self._trying or CapacityLimiter(LOGINS_AT_ONCE)
        account = await to_thread.run_sync(self.guard.accounts.verify, name, form.get("password", ""), limiter=self._trying)
        await self._note(name, WRONG if account is None else ENTERED)
        if account is None:
            if self.lockout.locked_for(name):
                await self._note(name, LOCKED)
            return self._form(request, to, "This name and this password do not go together.", status=403)
        self.lockout.passed(name)
        self.guard.sessions.end(request.cookies.get(self.guard.cookie, ""))
        answer = RedirectResponse(to, 303)
        self._keep(answer, self.guard.cookie, self.guard.sessions.begin(account.name, account.since))
        answer.delete_cookie(_FRESH)
        return answer

    async def _note(self, name: str, what: str) -> None:
        """Into the log and the book; a name that is no account's may be a password, and is kept nowhere."""
        known = name if self.guard.accounts.find(name) is not None else ""
        log("login", account=known, outcome=what)
        book = logbook_of(self.guard.accounts.path)
        await to_thread.run_sync(book.note, what, known, time.time_ns() // 1_000_000)

    async def leave(self, request: Request) -> Response:
        """Log out."""
        form, name = await read_form(request), request.cookies.get(self.guard.cookie, "")
        if self.guard.is_ours(request) and self.guard.sessions.admits(name, form.get(TOKEN, "")):
            self.guard.sessions.end(name)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(self.guard.cookie, secure=self.guard.https)
        return answer

    async def language(self, request: Request) -> Response:
        """Take another language."""
        answer = RedirectResponse(within(request.query_params.get("to", "/")), 303)
        if request.path_params["code"] in LANGUAGES:
            answer.set_cookie(
                LANGUAGE, request.path_params["code"], max_age=_YEAR_S, httponly=True, samesite="lax", secure=self.guard.https
            )
        return answer

    def _form(self, request: Request, to: str, wrong: str = "", status: int = 200) -> Response:
        speech, fresh = Speech(spoken(request)), secrets.token_urlsafe(TOKEN_BYTES)
        values = {
            "say": speech.say,
            "language": speech.language,
            "edition": edition(),
            "to": to,
            "path": to,
            "nobody": not self.guard.accounts.every(),
        }
        page = press(
            "login.html", {**values, "wrong": speech.say(wrong) if wrong else "", "token": self._token(fresh).decode()}
        )
        answer = HTMLResponse(page, status)
        self._keep(answer, _FRESH, fresh)
        return answer

    def _keep(self, answer: Response, name: str, value: str) -> None:
        answer.set_cookie(name, value, httponly=True, samesite="strict", secure=self.guard.https)

    def _token(self, fresh: str) -> bytes:
        return hmac.new(self._key, fresh.encode("utf-8", "replace"), sha256).hexdigest().encode()


def spoken(request: Request) -> str:
    """The language of whoever asks."""
    return language_of(request.cookies.get(LANGUAGE), request.headers.get("accept-language", ""))
