"""Where links of emails lead first: `/l/TOKEN`. It leads on at once; that somebody came by is told the engine after.

Machines follow links before people do: what is known to be one is told as such, and no rule takes it for a person.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from orchestrator.domain.chance import id_of
from orchestrator.domain.clicks import Click, read_click
from orchestrator.domain.input import Receipt
from orchestrator.errors import Overloaded, Unavailable
from orchestrator.intake.limits import CLICKS_A_MINUTE
from orchestrator.intake.pace import Pace
from orchestrator.intake.page import HEADERS
from orchestrator.intake.survey_page import notice
from orchestrator.partition.identities import Addressed

PROVIDER = "links"
"""What says that it was clicked: our own door."""
_HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer", "x-robots-tag": "noindex"}
_BUSY = {"retry-after": "60"}
_PREFETCHING = re.compile("prefetch|preview|prerender", re.IGNORECASE)
_MACHINES = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|scan|preview|prefetch|fetch|proxy|validator|monitor|headless|phantom|barracuda|mimecast"
    r"|proofpoint|safelinks|symantec|messagelabs|fireeye|trendmicro|sophos|forcepoint|cisco|fortinet|zscaler"
    r"|facebookexternalhit|whatsapp|telegram|slack|discord|skypeuri|embedly|curl|wget|python|go-http|java/|okhttp|libwww"
    r"|axios|node-fetch|httpclient|ruby|perl|php",
    re.IGNORECASE,
)
"""Names by which mail scanners, link previews and libraries call themselves."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class ClickDoor:
    """`keys` signed the links; `now` gives milliseconds."""

    keys: Callable[[], tuple[bytes, ...]]
    receive: Callable[[Sequence[Addressed]], Awaitable[None]]
    """Makes receipts durable."""
    now: Callable[[], int]
    ready: Callable[[], bool] = lambda: True
    """Whether all keys are known."""
    pace: Pace = field(default_factory=lambda: Pace(CLICKS_A_MINUTE))


def click_routes(door: ClickDoor) -> list[Route]:
    """The way of links."""
    return [Route("/l/{token}", partial(_led_on, door), methods=["GET", "HEAD"])]


async def _led_on(door: ClickDoor, request: Request) -> Response:
    told = request.headers.get("accept-language", "")
    click = read_click(request.path_params["token"], door.keys())
    if click is None and not door.ready():
        return Response(notice(told, "busy", "soon_why"), 503, headers={**HEADERS, **_BUSY})
    if click is None:
        return Response(notice(told, "unknown", "unknown_why"), 404, headers=HEADERS)
    receipt = _receipt(click, door.now(), machine=is_machine(request))
    telling = BackgroundTask(_tell, door, click, receipt) if door.pace.allows(click.message, door.now()) else None
    return RedirectResponse(click.url, 302, _HEADERS, telling)


def _receipt(click: Click, now: int, *, machine: bool) -> Receipt:
    return Receipt(
        message_id=click.message,
        id=id_of(click.message, PROVIDER, click.url, str(now)),
        word="clicked",
        occurred_at=now,
        channel="email",
        provider=PROVIDER,
        url=click.url,
        machine=machine,
        received_at=now,
    )


def is_machine(request: Request) -> bool:
    """Whether no person is known to have followed the link: a look beforehand, or a program by its own name."""
    purposes = (request.headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz"))
    if request.method == "HEAD" or any(_PREFETCHING.search(purpose) for purpose in purposes):
        return True
    agent = request.headers.get("user-agent", "")
    return not agent or _MACHINES.search(agent) is not None


async def _tell(door: ClickDoor, click: Click, receipt: Receipt) -> None:
    try:
        await door.receive([Addressed(click.home, click.key, receipt)])
    except (Overloaded, Unavailable):
        _log.warning("a click could not be kept: the engine takes none now")
