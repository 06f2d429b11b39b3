"""Rendering for rehearsals: each text once for the same values read, because a replay sends many that are alike.

Exact: a text depends on nothing but its template, its channel, the locale and the values that the template reads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from minijinja import Environment, TemplateError

from orchestrator.delivery.render import Renderer
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.template import Template

_HIDING = re.compile(r"\[[^\]]*:|\{%-?\s*(?:include|import|extends)")
"""Slices and other files: what is read beyond them is not told."""
OUTCOMES_KEPT = 20_000
"""Different texts of which the outcome is remembered."""


class AlikeOnce:
    """Calls like `Renderer.render`, and remembers only whether it could be rendered."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._reads = {name: _reads(template) for name, template in renderer.templates.items()}
        self._outcomes: dict[tuple[str, str, str, str], RenderError | None] = {}

    def __call__(self, outgoing: Outgoing) -> None:
        """Raise the RenderError that this message meets, if any."""
        reads = self._reads.get(outgoing.template)
        values = None if reads is None else _as_text(outgoing.context, reads)
        if values is None:
            self._renderer.render(outgoing)
            return
        key = (outgoing.template, outgoing.channel, outgoing.locale, values)
        if key not in self._outcomes:
            if len(self._outcomes) >= OUTCOMES_KEPT:
                self._outcomes.clear()
            self._outcomes[key] = self._tried(outgoing)
        error = self._outcomes[key]
        if error is not None:
            raise error.with_traceback(None)  # each raise would add to it

    def _tried(self, outgoing: Outgoing) -> RenderError | None:
        try:
            self._renderer.render(outgoing)
        except RenderError as error:
            return error
        return None


def _reads(template: Template) -> tuple[tuple[str, ...], ...] | None:
    """The paths that the template's texts read, in any locale; None where that cannot be told."""
    environment = Environment()
    paths: set[tuple[str, ...]] = {(name,) for name in template.inputs}
    try:
        for sources in template.sources.values():
            for source in sources.values():
                if _HIDING.search(source.text):
                    return None
                found = environment.undeclared_variables_in_str(source.text, nested=True)
                paths.update(tuple(path.split(".")) for path in found)
    except TemplateError:
        return None
    return tuple(sorted(paths))


def _as_text(context: dict[str, Any], paths: Iterable[tuple[str, ...]]) -> str | None:
    """The values at these paths; None where they are more than JSON."""
    try:
        return json.dumps([_at(context, path) for path in paths], sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return None


def _at(context: dict[str, Any], path: tuple[str, ...]) -> tuple[Any, ...]:
    """How deep the path leads and the value there; without a value where the last step has none."""
    value: Any = context
    for depth, member in enumerate(path):
        if not isinstance(value, dict):
            return depth, value
        if member not in value:
            return (depth,)
        value = value[member]
    return len(path), value
