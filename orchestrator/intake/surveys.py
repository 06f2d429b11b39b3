"""Where recipients answer: `/s/TOKEN`. Looking counts nothing; what is sent by the form is an event of the recipient.

Machines open links before people do, so only a POST answers. The link is the only key: there is no cookie to misuse.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from orchestrator.domain.chance import id_of
from orchestrator.domain.input import Event
from orchestrator.domain.survey import ANSWER, Link, Survey, read_link
from orchestrator.errors import Overloaded, RejectedEvent, Unavailable
from orchestrator.intake.bodies import Bounds, Refused, read_bytes
from orchestrator.intake.edge import Submit
from orchestrator.intake.limits import ANSWERS_A_MINUTE, COMMENT_MAX_CHARS, SURVEY_BODY_MAX_BYTES, SURVEY_PAGES_A_MINUTE
from orchestrator.intake.pace import Pace
from orchestrator.intake.page import HEADERS
from orchestrator.intake.survey_page import form, notice

SOURCE = "survey"
"""What the source of an answer is called."""
_FIELDS_MAX = 10
_BUSY = {"retry-after": "60"}

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class SurveyDoor:
    """What the pages need. `keys` signed the links; `now` gives milliseconds."""

    surveys: Mapping[str, Survey]
    keys: Callable[[], tuple[bytes, ...]]
    submit: Submit
    validate: Callable[[Event], None]
    now: Callable[[], int]
    ready: Callable[[], bool] = lambda: True
    """Whether all keys are known: until the engine is ready, its own is not."""
    pages: Pace = field(default_factory=lambda: Pace(SURVEY_PAGES_A_MINUTE))
    answers: Pace = field(default_factory=lambda: Pace(ANSWERS_A_MINUTE))

    def asked(self, link: Link) -> Survey | None:
        return next((survey for survey in self.surveys.values() if survey.tag == link.tag), None)


def survey_routes(door: SurveyDoor) -> list[Route]:
    """The pages of surveys."""
    return [Route("/s/{token}", partial(_answered, door), methods=["GET", "HEAD", "POST"])]


async def _answered(door: SurveyDoor, request: Request) -> Response:
    told = request.headers.get("accept-language", "")
    link = read_link(request.path_params["token"], door.keys())
    if link is None:  # counted for nothing: who has no link keeps nobody else out
        return _not_known(door, told)
    if not door.pages.allows("", door.now()):
        return _said(notice(link.locale, "busy", "busy_why"), 429, _BUSY)
    survey = door.asked(link)
    if survey is None or door.now() >= link.until:
        return _said(notice(link.locale, "gone", "gone_why"), 410)
    if request.method != "POST":
        return _said(form(survey, link.locale, {"score": request.query_params.get("score", "")}))
    if not door.answers.allows(link.message, door.now()):
        return _said(notice(link.locale, "busy", "busy_why"), 429, _BUSY)
    return await _take(door, survey, link, request)


def _not_known(door: SurveyDoor, told: str) -> Response:
    if door.ready():
        return _said(notice(told, "unknown", "unknown_why"), 404)
    return _said(notice(told, "busy", "soon_why"), 503, _BUSY)


async def _take(door: SurveyDoor, survey: Survey, link: Link, request: Request) -> Response:
    try:
        given = await _given(request)
    except (Refused, ClientDisconnect):
        return _said(form(survey, link.locale, {}, "long"), 413)
    wrong = _wrong(survey, given)
    if wrong:
        return _said(form(survey, link.locale, given, wrong), 400)
    event = _event(survey, link, given, door.now())
    try:
        door.validate(event)
        (verdict,) = await door.submit([event])
    except (Overloaded, Unavailable):
        return _said(form(survey, link.locale, given, "later"), 503, {"retry-after": "1"})
    except RejectedEvent as rejection:
        _log.error("an answer to the survey %s was refused by the catalogue: %r", survey.name, rejection)
        return _said(form(survey, link.locale, given, "later"), 503)
    return _said(notice(link.locale, "thanks", "already" if verdict == "duplicate" else "received"))


async def _given(request: Request) -> dict[str, str]:
    """The form's fields. Raises Refused."""
    raw = await read_bytes(request, Bounds(body_bytes=SURVEY_BODY_MAX_BYTES))
    try:
        pairs = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS_MAX, errors="replace")
    except ValueError:
        raise Refused(400, "form", "too many fields") from None
    return dict(pairs)


def _wrong(survey: Survey, given: Mapping[str, str]) -> str:
    """What is wrong with an answer; empty where nothing is."""
    if survey.scores and given.get("score") not in [str(score) for score in survey.scores]:
        return "choose"
    comment = given.get("comment", "").strip()
    if not survey.scores and not comment:
        return "write"
    return "long" if len(comment) > COMMENT_MAX_CHARS else ""


def _event(survey: Survey, link: Link, given: Mapping[str, str], now: int) -> Event:
    """The answer. Its id is the message's, so that a second one is known as a duplicate."""
    properties: dict[str, object] = {"survey": survey.name, "message_id": link.message}
    if survey.scores:
        properties["score"] = int(given["score"])
    comment = "".join(letter for letter in given.get("comment", "").strip() if letter.isprintable() or letter in "\n\t")
    if survey.comment is not None and comment:
        properties["comment"] = comment
    kind, _, ident = link.person.partition(":")
    return Event(
        message_id=id_of(link.message, ANSWER),
        occurred_at=now,
        name=ANSWER,
        user_id=ident if kind == "u" else None,
        anonymous_id=ident if kind == "a" else None,
        received_at=now,
        source=SOURCE,
        properties=properties,
    )


def _said(page: str, status: int = 200, more: Mapping[str, str] | None = None) -> Response:
    return Response(page, status, headers={**HEADERS, **(more or {})})
