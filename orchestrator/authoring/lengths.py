"""The longest SMS that a template can become: by the schemas, else by the personas, else with 20 characters a value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.authoring.document import Place
from orchestrator.authoring.limits import INTEGER, UNBOUNDED_CHARS
from orchestrator.authoring.placing import written_at
from orchestrator.authoring.printing import variants
from orchestrator.authoring.readable import SURVEY_URL
from orchestrator.authoring.reading import local
from orchestrator.authoring.sampling import Sample
from orchestrator.authoring.scope import Scope, View
from orchestrator.domain.choices import PLACEHOLDERS
from orchestrator.domain.sms import Size, size_of
from orchestrator.domain.survey import PLACEHOLDER
from orchestrator.domain.template import SENDER, Source, Template, told_of
from rules.types import Type


def check_length(source: Source, root: Type, paths: set[str], template: Template, view: View, scope: Scope) -> None:
    """Report an SMS that can be longer than one segment, at the character that shortens it or at its beginning."""
    full = Sample(lenient="" in view.events)
    data = full.of(root, paths)
    values = {path: _longest(path, kind, template, view, scope) for path, kind in full.scalars.items()}
    values |= {path: max(map(str, found), key=len) for path in full.others if (found := _named(path, template, view, scope))}
    largest = size_of("")
    for sample in _samples(source.text, full, values):
        made = scope.press.render(source.text, sample.of(root, paths) if paths else data)
        size = size_of(made.strip()) if made is not None else largest
        largest = max(largest, size, key=lambda each: (each.count, each.length))
    if largest.count > 1:
        _say(largest, source, scope)


def _samples(text: str, full: Sample, values: dict[str, Any]) -> Iterator[Sample]:
    """Everything at its longest; each other way that the text can take, at its longest too."""
    yield Sample(values=values, lenient=full.lenient)
    for sample, _ in variants(text, full, lenient=full.lenient):
        yield Sample(sample.empty, {**values, **sample.values}, full.lenient)


def _say(size: Size, source: Source, scope: Scope) -> None:
    unit = "characters"
    message = f"this can be {size.length} {unit} long, and one SMS holds {size.room}: it is sent as {size.count}"
    fix, place = "shorten it, or give `maxLength` where its values come from", Place(source.file, source.line)
    if size.foreign:
        message += f", because `{size.foreign}` (U+{ord(size.foreign):04X}) is not in GSM-7"
        at = source.text.find(size.foreign)
        fix = "write another character" if at >= 0 else "keep such characters out of the values"
        place = written_at(source, max(at, 0))
    scope.report.add("W601", place, message, fix)


def _longest(path: str, kind: str, template: Template, view: View, scope: Scope) -> Any:
    schemas = [schema for schema in _schemas(path, template, view, scope) if isinstance(schema, dict)]
    if path == SURVEY_URL:
        return PLACEHOLDER
    if path in PLACEHOLDERS and path not in template.inputs:
        return PLACEHOLDERS[path]
    if (told := path.removeprefix(f"{SENDER}.")) != path and SENDER not in template.inputs:
        return told_of(scope.senders, template.sender).get(told, "")
    if kind == "number":
        return max((schema["maximum"] for schema in schemas if isinstance(schema.get("maximum"), int)), default=INTEGER - 1)
    lengths = [schema["maxLength"] for schema in schemas if isinstance(schema.get("maxLength"), int)]
    if kind == "time" or (lengths and len(lengths) == len(schemas)):
        return "2026-03-31T09:00:00Z" if kind == "time" else "x" * max(lengths)
    return max(_of_personas(path, scope), key=len, default="x" * UNBOUNDED_CHARS)


def _named(path: str, template: Template, view: View, scope: Scope) -> list[Any]:
    schemas = [schema for schema in _schemas(path, template, view, scope) if isinstance(schema, dict)]
    return [value for schema in schemas for value in schema.get("enum", []) if isinstance(value, str)]


def _of_personas(path: str, scope: Scope) -> list[str]:
    """What stands at the path in the sample profiles."""
    names = path.split(".")
    if names[0] != "profile":
        return []
    found = [document.root.at(*names) for document in scope.files.documents.get("personas", ())]
    return [spot.text for spot in found if spot.text is not None and len(spot.path) == len(names)]


def _schemas(path: str, template: Template, view: View, scope: Scope) -> list[Any]:
    """The schemas of what stands at the path; `[]` in a name stands for the elements of a list."""
    root, *names = path.removeprefix("items[].").split(".") if view.merged and view.item is None else path.split(".")
    if root in template.inputs:
        return [_inside(template.inputs[root], names)]
    if root == "event" and names[:1] == ["properties"]:
        kinds = [scope.events[name] for name in view.events if name in scope.events]
        return [_inside(kind.schema, names[1:]) for kind in kinds]
    if root in ("item", "items[]"):
        return [_inside(view.item, names)]
    if names[:1] == ["traits"]:
        return [_inside(scope.traits, names[1:])]
    feature = scope.features.get(names[1]) if names[:1] == ["features"] and len(names) == 2 else None  # noqa: PLR2004
    kind = scope.events.get(feature.event) if feature is not None else None
    return [_inside(kind.schema, list(feature.path or ())[1:])] if feature is not None and kind is not None else []


def _inside(schema: Any, names: list[str]) -> Any:
    top = schema
    for name in names:
        found = local(top, schema)
        listed = found.get("properties") if isinstance(found, dict) else None
        schema = listed.get(name.removesuffix("[]")) if isinstance(listed, dict) else None
        if name.endswith("[]"):
            found = local(top, schema)
            schema = found.get("items") if isinstance(found, dict) else None
    return local(top, schema)
