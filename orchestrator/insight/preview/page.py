"""A preview as one self-contained page: no script, messages in sandboxed frames, light and dark, wide and narrow."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from typing import Any

import minijinja

from orchestrator.insight.preview.shown import Foreign, Preview, Shown

_TEMPLATE = "index.html"
_HERE = "orchestrator.insight.preview"
_STYLES = (("orchestrator.insight.page", "tokens.css"), ("orchestrator.insight.page", "style.css"), (_HERE, "style.css"))
SUBJECT_SEEN = 45
"""Characters of a subject that a phone shows before it cuts it."""


def render(preview: Preview) -> str:
    """The page. Whatever a message holds, it is text on it, or shut into its frame."""
    views = _views(preview)
    return _environment().render_template(
        _TEMPLATE,
        preview=preview.as_json(),
        rows=[
            {"name": one.name, "why": "; ".join(one.why), "views": [view for view in views if view["persona"] == one.name]}
            for one in preview.people
        ],
        views=views,
        style="".join(_asset(*place) for place in _STYLES) + _chosen(len(views)),
        subject_seen=SUBJECT_SEEN,
    )


def _views(preview: Preview) -> list[dict[str, Any]]:
    """Each persona in each language, with its email and its SMS."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for message in preview.messages:
        view = found.setdefault(
            (message.persona, message.locale),
            {"persona": message.persona, "locale": message.locale, "own": message.own, "number": len(found)},
        )
        view[message.channel] = _told(message)
        view["wrong"] = view.get("wrong", False) or bool(message.error)
    views = list(found.values())
    first = next((view["number"] for view in views if view["own"]), 0)
    return [{"email": None, "sms": None, "wrong": False, **view, "first": view["number"] == first} for view in views]


def _told(message: Shown) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(message, name) for name in ("subject", "preheader", "html", "text", "error", "to")}
    sender = message.sender
    told |= {"name": sender.get("name") or sender.get("from", ""), "from": sender.get("from", "")}
    told |= {"missing": list(message.missing), "sms": None}
    if message.segments is not None:
        size = message.segments
        told["sms"] = {
            "count": size.count,
            "length": size.length,
            "room": size.room,
            "each": size.each,
            "encoding": size.encoding,
            "foreign": [_named(one) for one in size.foreign],
            "runs": _runs(message.text, {one.character for one in size.foreign}),
        }
    return told


def _named(one: Foreign) -> dict[str, Any]:
    return {"character": one.character, "code": one.code, "name": one.name, "times": one.times}


def _runs(text: str, foreign: set[str]) -> list[dict[str, Any]]:
    """The text in pieces, those apart that make it dear."""
    pieces: list[dict[str, Any]] = []
    for character in text:
        dear = character in foreign
        if not pieces or pieces[-1]["dear"] != dear:
            pieces.append({"text": "", "dear": dear})
        pieces[-1]["text"] += character
    return pieces


def _chosen(count: int) -> str:
    """Which panel is seen, by which button is down: there is no script."""
    shown = ",".join(f"#v{number}:checked~main #p{number}" for number in range(count))
    marked = ",".join(f'#v{number}:checked~.chooser label[for="v{number}"]' for number in range(count))
    focused = ",".join(f'#v{number}:focus-visible~.chooser label[for="v{number}"]' for number in range(count))
    bad = ",".join(f'#v{number}:checked~.chooser label[for="v{number}"] .bad' for number in range(count))
    return (
        f"{shown}{{display:block}}{bad}{{color:inherit!important}}"
        f"{marked}{{background:var(--accent);border-color:var(--accent);color:var(--paper)}}"
        f"{focused}{{outline:3px solid var(--accent);outline-offset:2px}}"
    )


def _asset(package: str, name: str) -> str:
    return (resources.files(package) / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> minijinja.Environment:
    """Names in the template that nothing defines are errors; `.html` is escaped."""
    return minijinja.Environment(
        templates={_TEMPLATE: _asset(_HERE, _TEMPLATE)}, undefined_behavior="strict", trim_blocks=True, lstrip_blocks=True
    )
