"""What stands around every page: where one is, whether anything is held back, and how things are said."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from orchestrator.console.asked import Asked
from orchestrator.console.forms import fields_of
from orchestrator.console.limits import LIVE_EVERY_S
from orchestrator.console.speech import LANGUAGES
from orchestrator.console.waits import WAITING, waits
from orchestrator.domain.moment import Controls
from orchestrator.domain.program import Wheel
from orchestrator.partition.engine import turned

WAYS = (
    ("/", "The wheel"),
    ("/hour", "The last hour"),
    ("/campaigns", "Campaigns"),
    ("/measures", "Measures"),
    ("/customers", "Customers"),
    ("/messages", "Messages"),
    ("/doubts", "In doubt"),
    ("/approvals", "Approvals"),
    ("/letters", "Dead letters"),
    ("/rejects", "Bad events"),
    ("/engine", "Engine"),
    ("/audit", "Who did what"),
)
"""Where one can go, in order."""


def frame(asked: Asked, token: str) -> dict[str, Any]:
    """What every template can read."""
    speech, controls = asked.speech, standing(asked)
    return {
        "say": speech.say,
        "several": speech.several,
        "number": speech.number,
        "at": speech.at,
        "span": speech.span,
        "ago": speech.ago,
        "size": speech.size,
        "reason": speech.reason,
        "gate": speech.gate,
        "language": speech.language,
        "languages": LANGUAGES,
        "zone": speech.zone,
        "now": asked.now,
        "live_every": LIVE_EVERY_S,
        "account": asked.account.name,
        "acts": asked.acts,
        "token": token,
        "path": asked.path,
        "here": _here(asked),
        "ways": [(path, speech.say(words), _is_under(asked.path, path)) for path, words in WAYS],
        "waits": waits(asked),
        "refreshed": ",".join(["#standing", *(f"#waits-{path[1:]}" for path in WAITING)]),
        "controls": controls,
        "held": held_things(controls),
        "asked_for": asked.query.get("q", ""),
    }


def standing(asked: Asked) -> Controls:
    """The switches as they stand, with what was ordered a moment ago."""
    controls = asked.reader.controls()
    for order in asked.reader.orders():
        controls = turned(controls, order)
    return controls


def held_things(controls: Controls) -> list[tuple[str, str]]:
    """What single pauses hold: (kind, name)."""
    kinds = (("campaign", "campaigns"), ("channel", "channels"), ("provider", "providers"), ("profile", "profiles"))
    return [(kind, name) for kind, many in kinds for name in sorted(getattr(controls, many))]


def hues(wheel: Wheel) -> dict[str, str]:
    """stage → the class that gives it its colour, the same on every page."""
    ring = {name: f"s{number % 8}" for number, name in enumerate(wheel.stages)}
    return ring | {name: f"o{number % 3}" for number, name in enumerate(wheel.outside)}


def _here(asked: Asked) -> str:
    query = asked.query or fields_of(asked.form)
    return f"{asked.path}?{urlencode(query)}" if query else asked.path


def _is_under(path: str, way: str) -> bool:
    near = {"/campaign": "/campaigns", "/measure": "/measures", "/customer": "/customers", "/letter": "/letters"}
    return path == way or near.get(path) == way
