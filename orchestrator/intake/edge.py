"""The HTTP door that Segment's and compatible SDKs already know.

An answer of 200 means that what it counts as accepted is durable. Bad input is a 400 or a rejection inside a 200, never a
5xx; our own trouble is a 429 or 503, which every SDK retries, never another 4xx, which they drop for good.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator.domain.input import Event
from orchestrator.errors import Overloaded, RejectedEvent, Unavailable
from orchestrator.intake import bodies
from orchestrator.intake.bodies import Body, Bounds, Refused
from orchestrator.intake.dialects import from_binary_cloud_event, from_cloud_event, from_posthog
from orchestrator.intake.segment import parse
from orchestrator.intake.source_keys import SourceKeys, basic_key
from orchestrator.intake.traces import tell_received
from orchestrator.metrics import CONTENT_TYPE, EVENTS, READY, TURNED_AWAY, Reading, page
from orchestrator.tracing import Tracing

CALLS = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}
_KIND_OF = CALLS | {kind: kind for kind in CALLS.values()}
_RETRY_AFTER_S = 1
_REASONS_TOLD = 5
_OK = 200
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-allow-headers": "authorization, content-type, x-retry-count",
    "access-control-max-age": "600",
}

Submit = Callable[[Sequence[Event]], Awaitable[Sequence[str]]]
"""Makes events durable, then says `accepted` or `duplicate` of each. Raises Overloaded or Unavailable where it cannot now."""
Refuse = Callable[[int, str, Sequence[tuple[bytes, str]]], None]
"""Hears of refused events: when, from which source, each as it was sent and why."""
Read = Callable[[bytes], bytes]
"""One event as sent → the Segment shape."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Door:
    submit: Submit
    validate: Callable[[Event], None]
    keys: SourceKeys
    now: Callable[[], int]
    ready: Callable[[], bool]
    bounds: Bounds
    things: Container[str]
    behind: Callable[[], Sequence[Reading]]
    tracing: Tracing | None
    refuse: Refuse | None = None
    outcomes: Counter[str] = field(default_factory=lambda: Counter(accepted=0, duplicate=0, rejected=0))
    """Events by what became of them."""
    turned_away: Counter[int] = field(default_factory=Counter)
    """Requests by the status that was not 200."""


def edge(  # noqa: PLR0913 - each is another thing of the world outside
    submit: Submit,
    validate: Callable[[Event], None],
    keys: Mapping[str, str | tuple[str, ...]],
    *,
    now: Callable[[], int],
    ready: Callable[[], bool] = lambda: True,
    bounds: Bounds | None = None,
    things: Container[str] = (),
    pages: Sequence[Route] = (),
    behind: Callable[[], Sequence[Reading]] = tuple,
    tracing: Tracing | None = None,
    refuse: Refuse | None = None,
) -> Starlette:
    """Build the app. `validate` and `things` are a catalogue's; `keys` are source → write key, open where empty; `now`
    gives milliseconds; `pages` are for people; `behind` reads what stands behind the door, for its metrics.
    """
    door = _Door(submit, validate, SourceKeys(keys), now, ready, bounds or Bounds(), things, behind, tracing, refuse)
    return Starlette(routes=[*routes(door), *pages], exception_handlers={HTTPException: _no_such_route, Exception: _own_fault})


def routes(door: _Door) -> list[Route]:
    """List the door's routes, each with and without a trailing slash: a redirect is an error to an SDK."""
    found: list[Route] = []

    def add(path: str, endpoint: Callable[[Request], Awaitable[Response]], *methods: str) -> None:
        found.extend(Route(path + end, endpoint, methods=[*methods, "OPTIONS"]) for end in ("", "/"))

    for call, kind in _KIND_OF.items():
        add(f"/v1/{call}", partial(_collect, door, _read_single, kind), "POST")
    for path in ("/v1/batch", "/v1/import", "/batch"):
        add(path, partial(_collect, door, _read_batch, None), "POST")
    add("/v1/cloudevents", partial(_collect, door, _read_cloud_events, None), "POST")
    add("/v1/projects/{key}/settings", partial(_settings, door), "GET")
    add("/health", _health, "GET")
    add("/ready", partial(_ready, door), "GET")
    add("/metrics", partial(_metrics, door), "GET")
    return found


ReadBody = Callable[[Request, bytes, Bounds], tuple[Body, Read | None]]


def _read_single(_request: Request, raw: bytes, _bounds: Bounds) -> tuple[Body, Read | None]:
    return bodies.single(raw), None


def _read_batch(_request: Request, raw: bytes, bounds: Bounds) -> tuple[Body, Read | None]:
    body = bodies.batch(raw, bounds)
    return body, from_posthog if body.posthog else None


def _read_cloud_events(request: Request, raw: bytes, bounds: Bounds) -> tuple[Body, Read | None]:
    if "ce-specversion" in request.headers:
        return Body(events=(raw,)), partial(from_binary_cloud_event, headers=request.headers)
    if raw.lstrip().startswith(b"["):
        return bodies.batch(b'{"batch":' + raw + b"}", bounds), from_cloud_event
    return bodies.single(raw), from_cloud_event


async def _collect(door: _Door, read_body: ReadBody, kind: str | None, request: Request) -> Response:
    if request.method == "OPTIONS":
        return _answer(request, 200, {})
    answer = await _collected(door, read_body, kind, request)
    if answer.status_code != _OK:
        door.turned_away[answer.status_code] += 1
    return answer


async def _collected(door: _Door, read_body: ReadBody, kind: str | None, request: Request) -> Response:
    began = time.time_ns()
    try:
        raw = await bodies.read_bytes(request, door.bounds)
        body, read = read_body(request, raw, door.bounds)
        source = _source(door, request, body.write_key)
        events, rejected = _events(door, body, read, kind, source)
        verdicts = await _submitted(door, events)
    except Refused as refusal:
        return _answer(request, refusal.status, {"code": refusal.code, "message": refusal.message})
    except Overloaded as overload:
        wait = {"retry-after": str(overload.retry_after_s)}
        return _answer(request, 429, {"code": "overloaded", "message": str(overload)}, wait)
    except Unavailable as unavailable:
        return _unavailable(request, unavailable)
    except ClientDisconnect:
        return _answer(request, 400, {"code": "incomplete", "message": "the body ended early; send it again"})
    if door.tracing is not None:
        new = [event for event, verdict in zip(events, verdicts, strict=True) if verdict != "duplicate"]
        tell_received(door.tracing, request.headers.get("traceparent", ""), new, began)
    if rejected and door.refuse is not None:
        door.refuse(door.now(), source, [(body.events[at], reason) for at, reason in rejected])
    duplicates = sum(verdict == "duplicate" for verdict in verdicts)
    counts = {"accepted": len(verdicts) - duplicates, "duplicates": duplicates, "rejected": rejected}
    door.outcomes.update(accepted=len(verdicts) - duplicates, duplicate=duplicates, rejected=len(rejected))
    return _stored(request, counts, rejected, nothing=not events)


def _stored(request: Request, counts: dict[str, Any], rejected: list[tuple[int, str]], *, nothing: bool) -> Response:
    """What was stored; where nothing was, not even who looks at the status alone may think so."""
    if not (rejected and nothing):
        return _answer(request, 200, {"success": True, **counts})
    message = "; ".join(dict.fromkeys(reason for _, reason in rejected[:_REASONS_TOLD]))
    return _answer(request, 400, {"success": False, "code": "rejected", "message": message, **counts})


def _source(door: _Door, request: Request, write_key: str | None) -> str:
    offered = (basic_key(request.headers.get("authorization", "")), write_key)
    sources = [source for key in offered if (source := door.keys.source_of(key)) is not None]
    if not sources:
        raise Refused(401, "unauthorized", "no known write key; send one as the user of Basic authorization or as writeKey")
    return sources[0]


def _events(
    door: _Door, body: Body, read: Read | None, kind: str | None, source: str
) -> tuple[list[Event], list[tuple[int, str]]]:
    events: list[Event] = []
    rejected: list[tuple[int, str]] = []
    received_at = door.now()
    for at, sent in enumerate(body.events):
        # A repeat of the same bytes is a retry, unless they carry no time at all.
        ordinal = str(at) if b"imestamp" in sent else f"{received_at}:{at}"
        try:
            raw = sent if read is None else read(sent)
            event = parse(
                raw,
                received_at=received_at,
                source=source,
                sent_at=body.sent_at,
                kind=kind,
                context=body.context,
                ordinal=ordinal,
                things=door.things,
            )
            door.validate(event)
        except RejectedEvent as rejection:
            rejected.append((at, str(rejection)))
        else:
            events.append(event)
    return events, rejected


async def _submitted(door: _Door, events: list[Event]) -> Sequence[str]:
    if not events:
        return ()
    try:
        verdicts = await door.submit(events)
    except (Overloaded, Unavailable):
        raise
    except Exception:  # noqa: BLE001 - whatever failed, the client must keep the events and come again
        _log.exception("events could not be made durable")
        raise Unavailable from None
    if len(verdicts) != len(events):
        _log.error("%d verdicts for %d events", len(verdicts), len(events))
        raise Unavailable
    return verdicts


def _unavailable(request: Request, cause: Unavailable) -> Response:
    wait = {"retry-after": str(_RETRY_AFTER_S)}
    return _answer(request, 503, {"code": "unavailable", "message": str(cause)}, wait)


async def _settings(door: _Door, request: Request) -> Response:
    """Answer what the browser SDK asks first: where to send, for which key."""
    key = request.path_params["key"]
    if request.method != "OPTIONS" and door.keys.source_of(key) is None:
        return _answer(request, 401, {"code": "unauthorized", "message": "no known write key; check it"})
    own = {"apiKey": key, "apiHost": f"{request.url.netloc}/v1", "protocol": request.url.scheme}
    return _answer(request, 200, {"integrations": {"Segment.io": own}, "plan": {}, "enabledMiddleware": {}})


async def _health(request: Request) -> Response:
    return _answer(request, 200, {"alive": True})


async def _ready(door: _Door, request: Request) -> Response:
    ready = door.ready()
    return _answer(request, 200 if ready else 503, {"ready": ready})


async def _metrics(door: _Door, request: Request) -> Response:
    del request
    events = [Reading(EVENTS, count, {"outcome": outcome}) for outcome, count in door.outcomes.items()]
    turned_away = [Reading(TURNED_AWAY, count, {"status": str(status)}) for status, count in door.turned_away.items()]
    return Response(
        page([Reading(READY, door.ready()), *events, *turned_away, *door.behind()]), headers={"content-type": CONTENT_TYPE}
    )


async def _no_such_route(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _answer(request, status, {"code": "no_such_route", "message": f"nothing answers {request.method} here"})


async def _own_fault(request: Request, _error: Exception) -> Response:
    return _unavailable(request, Unavailable())


def _answer(request: Request, status: int, answer: Any, headers: Mapping[str, str] | None = None) -> Response:
    told = {"content-type": "application/json", **(headers or {})}
    origin = request.headers.get("origin")
    if origin is not None:
        told |= {"access-control-allow-origin": origin, "vary": "origin"}
        if request.method == "OPTIONS":
            told |= _PREFLIGHT
    return Response(msgspec.json.encode(answer), status, headers=told)
