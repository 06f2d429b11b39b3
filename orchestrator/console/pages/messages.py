"""Messages, the newest planned first, by whatever one looks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from orchestrator.console.asked import Answer, Asked, Place, Shown
from orchestrator.console.limits import ROWS_SHOWN
from orchestrator.console.looking_back import history_of, names_of
from orchestrator.console.pages.customer import find
from orchestrator.errors import UsageError
from orchestrator.history import MessageFilter

_UNDER_WAY = ("planned", "attempting")
STATES = (
    *_UNDER_WAY,
    "accepted",
    "delivered",
    "bounced",
    "refused",
    "in_doubt",
    "unknown",
    "suppressed",
    "expired",
    "cancelled",
)
_PLAIN = ("campaign", "step", "channel", "template", "state", "reason")
_FIELDS = (*_PLAIN, "who", "id", "first", "last")
_CURSOR_CHARS = 120


def messages(asked: Asked) -> Answer:
    """The list."""
    live = asked.state.live(asked.reader)
    given = {name: value for name in _FIELDS if (value := asked.query.get(name, "").strip())}
    which = _filter(asked, given)
    with history_of(asked) as history:
        if history is None or live is None:
            return Shown("unready.html", {"live": live is not None})
        page = history.messages(which, _cursor(asked.query.get("after")), ROWS_SHOWN)
    values = {
        "rows": page.rows,
        "names": names_of(asked, (row.key for row in page.rows)),
        "given": {name: given.get(name, "") for name in _FIELDS},
        "campaigns": list(live.program.campaigns),
        "states": STATES,
        "more": None if page.more is None else f"/messages?{urlencode({**given, 'after': page.more})}",
        "filtered": bool(given),
    }
    return Shown("messages.html", values)


def _filter(asked: Asked, given: Mapping[str, str]) -> MessageFilter:
    key = None
    if "who" in given:
        raw = find(asked, given["who"])
        key = -1 if raw is None else asked.reader.key_of(raw)
    first, last = (_day(asked, given[name]) if name in given else None for name in ("first", "last"))
    plain = {name: given.get(name) for name in _PLAIN}
    until = None if last is None else last + int(timedelta(days=1).total_seconds() * 1000)
    return MessageFilter(**plain, id=given.get("id"), key=key, planned_from=first, planned_to=until)


def _day(asked: Asked, text: str) -> int:
    """The first instant of that date, UTC."""
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        raise UsageError(asked.speech.say("{} is no date; write it like 2026-01-31.", text)) from None


def _cursor(given: str | None) -> str | None:
    """Where the page before ended; whatever is none is not looked at."""
    plain = given is not None and len(given) <= _CURSOR_CHARS and given.partition("-")[0].isdigit() and given.isascii()
    return given if plain else None


PLACES = (Place("/messages", messages),)
