"""Pages out of templates. Whatever a name holds is text on the page, and a name that nothing gives is an error."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import minijinja

from orchestrator.insight.page.palette import every_hue

_FOLDER = resources.files("orchestrator.console")
_STYLES = ("static/pico.min.css", "static/uplot.min.css")
_OWN = "static/console.css"
SCRIPTS = ("htmx.min.js", "uplot.min.js", "console.js")


def press(template: str, values: Mapping[str, Any]) -> str:
    """The page of that template as HTML."""
    return _environment().render_template(template, **{name: _readable(value) for name, value in values.items()})


def _readable(value: Any) -> Any:
    """The value as templates read it: they know no named tuples."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _readable(found) for name, found in value._asdict().items()}
    if isinstance(value, list | tuple):
        return [_readable(found) for found in value]
    if isinstance(value, dict):
        return {name: _readable(found) for name, found in value.items()}
    return value


@lru_cache(maxsize=1)
def style() -> bytes:
    """The one style sheet: Pico, uPlot's, the tokens and colours that all our pages share, and the console's own."""
    shared = resources.files("orchestrator.insight.page")
    parts = [
        *(_text(_FOLDER / name) for name in _STYLES),
        _text(shared / "tokens.css"),
        every_hue(),
        _text(shared / "wheel.css"),
    ]
    return "\n".join([*parts, _text(_FOLDER / _OWN)]).encode()


@lru_cache(maxsize=1)
def scripts() -> Mapping[str, bytes]:
    """name → what it holds."""
    return {name: (_FOLDER / "static" / name).read_bytes() for name in SCRIPTS}


@lru_cache(maxsize=1)
def edition() -> str:
    """Names these styles and scripts: a browser may keep them for good under it."""
    mark = sha256(style())
    for content in scripts().values():
        mark.update(content)
    return mark.hexdigest()[:12]


@lru_cache(maxsize=1)
def _environment() -> minijinja.Environment:
    folder = _FOLDER / "templates"
    templates = {one.name: _text(one) for one in folder.iterdir() if one.name.endswith(".html")}
    templates["ring.html"] = _text(resources.files("orchestrator.insight.page") / "ring.html")
    found = minijinja.Environment(templates=templates, undefined_behavior="strict", trim_blocks=True, lstrip_blocks=True)
    found.debug = False  # what a page was to show of a customer stands in no log
    return found


def _text(found: Traversable) -> str:
    return found.read_text(encoding="utf-8")
