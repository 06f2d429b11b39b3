"""Forms as they come in: bounded, one value a field."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from orchestrator.console.limits import FORM_FIELDS, FORM_MAX_BYTES, REASON_MAX_CHARS, REASON_MIN_CHARS
from orchestrator.errors import UsageError

TOKEN = "token"  # noqa: S105 - the field's name
REASON = "reason"


class Mistyped(UsageError):  # noqa: N818 - an answer, not a fault
    """Something in a form is not as it must be. `words` and `places` say what, for `Speech.say`; the form is shown again."""

    def __init__(self, words: str, *places: object) -> None:
        super().__init__(words.format(*places) if places else words)
        self.words, self.places = words, places


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; the last of a name counts. Mistyped where it is no form, or too much of one."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise Mistyped("This is no form that the console sent.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_MAX_BYTES:
            raise Mistyped("A form has at most {} bytes.", FORM_MAX_BYTES)
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FORM_FIELDS))
    except ValueError:
        raise Mistyped("A form has at most {} fields.", FORM_FIELDS) from None


def reason_of(form: Mapping[str, str]) -> str:
    """The reason that somebody typed, on one line. Mistyped where it is none, or too long."""
    reason = " ".join(form.get(REASON, "").split())
    if len(reason) < REASON_MIN_CHARS:
        raise Mistyped("Nothing is done without a reason: say why, in {} characters or more.", REASON_MIN_CHARS)
    if len(reason) > REASON_MAX_CHARS:
        raise Mistyped("The reason has {} characters: {} at most are kept. Say it shorter.", len(reason), REASON_MAX_CHARS)
    return reason


def fields_of(form: Mapping[str, str]) -> dict[str, str]:
    """What a form is about: all but its token and the reason."""
    return {name: value for name, value in form.items() if name not in (TOKEN, REASON)}
