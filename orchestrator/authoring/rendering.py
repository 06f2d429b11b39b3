"""What templates read, and whether minijinja can read them."""

from __future__ import annotations

import re

import minijinja

from orchestrator.authoring.document import Place
from orchestrator.authoring.finding import Report, did_you_mean
from orchestrator.authoring.reading import unknown_in
from orchestrator.authoring.scope import Scope, View
from orchestrator.domain.template import Source, Template

_ADDED = ("survey", "unsubscribe_url", "preferences_url")
"""What delivery adds to what a template can read."""
_ROOTS = ("event", "item", "profile", "stage", "enrolment", "now")
_BUILT_IN = frozenset({"range", "dict", "namespace", "debug", "loop", "self", "super", "caller", "true", "false", "none"})
_CHAIN = re.compile(r"(?:\bnot\s+|-\s*){500}")
"""Prefixes in such a number overflow the stack of minijinja 3.1, and end the process."""
_FINDER = minijinja.Environment()


def check_source(source: Source, place: Place, report: Report) -> None:
    """Report a text that minijinja cannot read, at its line."""
    chain = _CHAIN.search(source.text)
    if chain is not None:
        line = source.text.count("\n", 0, chain.start())
        report.add("E601", Place(place.file, place.line + line), "hundreds of `not` or `-` in a row", "remove them")
        return
    try:
        _read(source.text)
    except minijinja.TemplateError as error:
        line = error.line or 1
        here = Place(place.file, place.line + line - 1, place.column if line == 1 else 1)
        message = f"this template is not valid: {error.detail or error.kind}"
        report.add("E601", here, message, "look at the `{{ … }}` and `{% … %}` of this line")


def _read(text: str) -> set[str]:
    """The paths that a template reads; raises TemplateError."""
    try:
        minijinja.Environment().add_template("text", text)
        return _FINDER.undeclared_variables_in_str(text, nested=True)
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise minijinja.TemplateError("minijinja itself fails on it") from None


def check_reads(template: Template, view: View, scope: Scope) -> None:
    """Report what the template's texts read that is not there, for one place that sends it."""
    for sources in template.sources.values():
        for source in sources.values():
            for path in sorted(_paths(source)):
                _check_path(path, source, template, view, scope)


def _paths(source: Source) -> set[str]:
    try:
        return _read(source.text) if _CHAIN.search(source.text) is None else set()
    except minijinja.TemplateError:
        return set()


def _check_path(path: str, source: Source, template: Template, view: View, scope: Scope) -> None:
    root = path.split(".", maxsplit=1)[0]
    if root in template.inputs or root in _ADDED or root in _BUILT_IN:
        return
    if root == "items":
        scope.report.add("E901", _place(path, source), "`items` comes with `merge`, which is not supported yet", "read `item`")
        return
    if root not in _ROOTS:
        fix = did_you_mean(path, [*template.inputs, *_ROOTS]) or "declare it under `inputs`"
        scope.report.add("E306", _place(path, source), f"there is no `{path}` to read", fix)
        return
    unknown = unknown_in(path, view, scope)
    if unknown is not None:
        scope.report.add("E306", _place(path, source), *unknown)


def _place(path: str, source: Source) -> Place:
    """Where the path is first written; the text's own place where it is not written so."""
    pattern = re.compile(r"(?<![\w.])" + r"\s*\.\s*".join(re.escape(part) for part in path.split(".")) + r"(?!\w)")
    for block in re.finditer(r"\{[{%].*?[%}]\}", source.text, re.DOTALL):
        match = pattern.search(block[0])
        if match is not None:
            before = source.text[: block.start() + match.start()]
            line, column = before.count("\n"), len(before.rpartition("\n")[2])
            return Place(source.file, source.line + line, column + 1)
    return Place(source.file, source.line)
