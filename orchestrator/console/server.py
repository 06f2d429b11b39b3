"""The console as an application: every path in one table, each behind the same door."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from orchestrator.console.accounts import Accounts, Role
from orchestrator.console.asked import Answer, Asked, Elsewhere, Place, Sent, Shown, Unchanged
from orchestrator.console.forms import TOKEN, Mistyped, read_form
from orchestrator.console.frame import frame
from orchestrator.console.guard import Entered, Guard, Headed, follows
from orchestrator.console.lockout import Lockout
from orchestrator.console.log import log
from orchestrator.console.logbook import logbook_of
from orchestrator.console.login import Login, spoken
from orchestrator.console.pages import PLACES
from orchestrator.console.press import edition, press, scripts, style
from orchestrator.console.sessions import Sessions
from orchestrator.console.speech import Speech
from orchestrator.console.state import Order, State
from orchestrator.errors import OrchestratorError, StoreError, UsageError
from orchestrator.stores.orders import put_order

_FOREVER = "public, max-age=31536000, immutable"
_JS = "text/javascript; charset=utf-8"
_CSS = "text/css; charset=utf-8"


@dataclass(frozen=True, slots=True)
class _House:
    """The pages behind the door."""

    state: State
    guard: Guard
    wall: Callable[[], int]

    async def answer(self, place: Place, request: Request) -> Response:
        """One page, for whoever may ask for it."""
        entered = self.guard.who(request)
        if entered is None:
            return _to_login(request)
        if place.role is Role.operator and entered.account.role is not Role.operator:
            return await self._trouble(request, 403, "Your account may look, and not act.")
        try:
            form = await self._form(place, request, entered)
            return await run_in_threadpool(self._page, place.page, request, entered, form)
        except Mistyped as error:
            return await self._trouble(request, 400, Speech(spoken(request)).say(error.words, *error.places), own=False)
        except UsageError as error:
            return await self._trouble(request, 400, str(error), own=False)
        except StoreError as error:
            return await self._trouble(request, 503, str(error), own=False)

    async def _form(self, place: Place, request: Request, entered: Entered) -> dict[str, str]:
        if not place.acts:
            return {}
        form = await read_form(request)
        if not (self.guard.is_ours(request) and self.guard.sessions.admits(entered.name, form.get(TOKEN, ""))):
            raise Mistyped("This form is not from this session: load the page again, and send it once more.")
        return form

    def _page(self, page: Callable[[Asked], Answer], request: Request, entered: Entered, form: dict[str, str]) -> Response:
        with self.state.looked_at() as reader:
            live = self.state.live(reader)
            speech = Speech(spoken(request), live.program.policies.zone if live is not None else "UTC")
            asked = Asked(
                self.state,
                reader,
                entered.account,
                entered.session,
                speech,
                self.wall(),
                request.url.path,
                {name: str(value) for name, value in request.path_params.items()},
                dict(request.query_params),
                form,
                logbook_of(self.guard.accounts.path),
            )
            answer = page(asked)
            if not isinstance(answer, Shown):
                return _no_page(answer)
            told = "" if follows(request) else entered.session.take_told()
            values = {
                **frame(asked, self.guard.sessions.token(entered.name)),
                "told": told,
                "edition": edition(),
                **answer.values,
            }
            return HTMLResponse(press(answer.template, values), answer.status)

    async def _trouble(self, request: Request, status: int, words: str, *, own: bool = True) -> Response:
        """A page that says what is wrong; `own` words are the console's, others come from the engine's rooms, in English."""
        speech = Speech(spoken(request))
        values = {
            "say": speech.say,
            "language": speech.language,
            "edition": edition(),
            "path": "/",
            "words": speech.say(words) if own else words,
        }
        return HTMLResponse(press("trouble.html", {**values, "status": status}), status)


def console(
    state: State, accounts: Accounts, *, https: bool = False, monotone: Callable[[], float] = time.monotonic
) -> ASGIApp:
    """The application on that state, for these accounts. `monotone` tells seconds, by which sessions and locks end."""
    guard = Guard(accounts, Sessions(monotone), https)
    house = _House(state, guard, lambda: time.time_ns() // 1_000_000)
    login = Login(guard, Lockout(monotone))
    routes = [
        Route("/login", login.page, methods=["GET"]),
        Route("/login", login.enter, methods=["POST"]),
        Route("/logout", login.leave, methods=["POST"]),
        Route("/language/{code}", login.language, methods=["GET"]),
        Route("/static/{edition}/{name}", _asset, methods=["GET"]),
        *(Route(one.path, _asks(house, one), methods=["POST" if one.acts else "GET"]) for one in PLACES),
    ]
    handlers = {HTTPException: _http, OrchestratorError: _broken, Exception: _broken}
    return Headed(Starlette(routes=routes, exception_handlers=handlers), https=https)


def console_on(path: Path, accounts: Accounts, address_key: bytes, *, https: bool, order: Order = put_order) -> ASGIApp:
    """The application on the state file at that path; `order` is how orders reach who works there."""
    return console(State(path, address_key, order), accounts, https=https)


def _no_page(answer: Sent | Elsewhere | Unchanged) -> Response:
    """A file, a way elsewhere, or nothing."""
    if isinstance(answer, Elsewhere):
        return RedirectResponse(answer.path, 303)
    if isinstance(answer, Unchanged):
        return Response(status_code=204)
    return Response(
        answer.content, headers={"content-type": answer.media, "content-disposition": f'attachment; filename="{answer.name}"'}
    )


def _asks(house: _House, place: Place) -> Callable[[Request], Awaitable[Response]]:
    return partial(house.answer, place)


async def _asset(request: Request) -> Response:
    """A style or script; one of an earlier edition is not to be had."""
    name = request.path_params["name"]
    if request.path_params["edition"] == edition():
        if name == "console.css":
            return Response(style(), headers={"content-type": _CSS, "cache-control": _FOREVER})
        if name in scripts():
            return Response(scripts()[name], headers={"content-type": _JS, "cache-control": _FOREVER})
    raise HTTPException(404)


def _to_login(request: Request) -> Response:
    """To the login page, and back afterwards; a page that follows what happens is led there whole."""
    if follows(request):
        return Response(status_code=200, headers={"hx-redirect": "/login"})
    back = request.url.path if request.method == "GET" else "/"
    asked = f"{back}?{request.url.query}" if request.method == "GET" and request.url.query else back
    return RedirectResponse(f"/login?to={quote(asked)}" if asked != "/" else "/login", 303)


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _plain(request, status, "There is no such page." if status == 404 else "This is not how this page is asked.")  # noqa: PLR2004


async def _broken(request: Request, error: Exception) -> Response:
    """Something of ours went wrong: said without a word of what."""
    status = 400 if isinstance(error, UsageError) else 503 if isinstance(error, OrchestratorError) else 500
    log("trouble", path=request.url.path, error=type(error).__name__)
    return _plain(request, status, "This page could not be made. The console's log says more.")


def _plain(request: Request, status: int, words: str) -> Response:
    speech = Speech(spoken(request))
    values = {
        "say": speech.say,
        "language": speech.language,
        "edition": edition(),
        "path": "/",
        "words": speech.say(words),
        "status": status,
    }
    return HTMLResponse(press("trouble.html", values), status)
