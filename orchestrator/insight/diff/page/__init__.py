"""A comparison as one self-contained page: no script, no outside request, light and dark, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

import minijinja

from orchestrator.insight.diff.page.timeline import timeline
from orchestrator.insight.diff.stories import Row
from orchestrator.insight.diff.words import counted, reactions_words, when
from orchestrator.insight.page.words import thousands

_TEMPLATE = "index.html"
_STYLES = (
    ("orchestrator.insight.page", "tokens.css"),
    ("orchestrator.insight.page", "style.css"),
    ("orchestrator.insight.diff.page", "style.css"),
)


def render(result: Mapping[str, Any], stories: Mapping[str, Sequence[Row]] | None = None) -> str:
    """The page of a result in its JSON shape, as HTML; `stories`: customer → both stories side by side.

    Whatever a name holds, it is text on the page.
    """
    busy = {name: counts for name, counts in result["campaigns"].items() if any(counts.values())}
    splits = [("Campaigns", "campaign", busy), ("Channels", "channel", result["channels"])]
    splits.append(("Segments", "segment", result["segments"]))
    return _environment().render_template(
        _TEMPLATE,
        result=result,
        style="".join(_asset(*place) for place in _STYLES),
        reactions=reactions_words(result),
        timeline=timeline(result["days"]),
        splits=[(title, head, _rows(split)) for title, head, split in splits if split],
        stories={name: list(rows) for name, rows in (stories or {}).items()},
        idle=sorted(set(result["campaigns"]) - set(busy)),
    )


def _rows(split: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Each name with its counts and its bars in per cent of the longest; the most differing first."""
    sides = [max(counts["lost"], counts["gained"] + counts["moved"]) for counts in split.values()]
    most = max(sides, default=0) or 1
    rows = [
        {
            "name": name,
            "counts": counts,
            **{f"{kind}_width": round(100 * counts[kind] / most, 2) for kind in ("gained", "lost", "moved")},
        }
        for name, counts in split.items()
    ]
    return sorted(rows, key=lambda row: (row["counts"]["unchanged"] - sum(row["counts"].values()), row["name"]))


def _asset(package: str, name: str) -> str:
    return (resources.files(package) / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _environment() -> minijinja.Environment:
    """Names in the template that nothing defines are errors; `.html` is escaped."""
    environment = minijinja.Environment(
        templates={_TEMPLATE: _asset(__name__, _TEMPLATE)}, undefined_behavior="strict", trim_blocks=True, lstrip_blocks=True
    )
    filters: dict[str, Callable[..., str]] = {"n": thousands, "when": when, "counted": counted}
    for name, made in filters.items():
        environment.add_filter(name, made)
    return environment
