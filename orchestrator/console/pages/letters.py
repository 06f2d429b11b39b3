"""Dead letters: inputs that could not be decided, with their cause, and whether they may be decided again."""

from __future__ import annotations

import msgspec

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.limits import ROWS_SHOWN
from orchestrator.domain.decide import cause_of
from orchestrator.errors import UsageError
from orchestrator.partition.mending import REDRIVEN, given_of_letter
from orchestrator.partition.ports import DeadLetter

_JSON = msgspec.json.Encoder(order="sorted")
_SHOWN_CHARS = 8_000
"""Of an input that is shown."""


def letters(asked: Asked) -> Answer:
    """The newest dead letters."""
    below = asked.query.get("below", "")
    found = asked.reader.dead_letters(int(below) if below.isascii() and below.isdigit() else None, ROWS_SHOWN)
    rows = [_row(raw, one) for raw, one in found]
    more = found[-1][1].seq if len(found) == ROWS_SHOWN else None
    return Shown("letters.html", {"rows": rows, "count": asked.reader.dead_count(), "more": more})


def letter(asked: Asked) -> Answer:
    """One dead letter: its input, its cause."""
    raw, found = letter_of(asked, asked.query.get("row", ""))
    given = msgspec.json.format(_JSON.encode(given_of_letter(found.given))).decode()
    return Shown("letter.html", {**_row(raw, found), "given": given[:_SHOWN_CHARS], "trace": found.cause})


def letter_of(asked: Asked, row: str) -> tuple[str | None, DeadLetter]:
    """The dead letter of that row; UsageError where there is none."""
    found = asked.reader.dead_letter(int(row)) if row.isascii() and row.isdigit() and len(row) < 19 else None  # noqa: PLR2004
    if found is None:
        raise UsageError(asked.speech.say("There is no such dead letter; it may have been decided again."))
    return found


def _row(raw: str | None, one: DeadLetter) -> dict[str, object]:
    given = given_of_letter(one.given)
    cause = one.cause.strip().splitlines()[-1] if one.cause.strip() else ""
    kind = type(given).__name__
    return {
        "row": one.seq,
        "when": one.clock,
        "raw": raw,
        "what": cause_of(given),
        "kind": kind,
        "cause": cause,
        "again": isinstance(given, REDRIVEN),
    }


PLACES = (Place("/letters", letters), Place("/letter", letter))
