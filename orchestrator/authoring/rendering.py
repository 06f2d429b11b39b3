"""What templates read, and whether minijinja can read them."""

from __future__ import annotations

import re
from functools import lru_cache

import minijinja

from orchestrator.authoring.asked import Asked
from orchestrator.authoring.document import Place
from orchestrator.authoring.finding import Report, did_you_mean
from orchestrator.authoring.lengths import check_length
from orchestrator.authoring.limits import FILES
from orchestrator.authoring.people import rendered_people
from orchestrator.authoring.placing import Woven, written_at
from orchestrator.authoring.printing import Fault, at, faults, place_of, told
from orchestrator.authoring.readable import SURVEY_URL, text_environment
from orchestrator.authoring.reading import unknown_in, whole_place
from orchestrator.authoring.sampling import Sample
from orchestrator.authoring.scope import Scope, View
from orchestrator.authoring.typed import type_of_schema
from orchestrator.authoring.unprintable import fix_of
from orchestrator.domain.choices import CONFIRM, PREFERENCES, UNSUBSCRIBE
from orchestrator.domain.consent import GIVEN
from orchestrator.domain.template import NAME, POSTAL_ADDRESS, SENDER, Source, Template, told_of
from rules.types import TEXT, Member, Members, Type, constant, record

NOTHING = Asked()
_ADDED = (UNSUBSCRIBE, PREFERENCES)
"""What delivery adds to what a template can read."""
_ROOTS = ("event", "item", "items", "profile", "stage", "enrolment", "now")
_BUILT_IN = frozenset({"range", "dict", "namespace", "debug", "loop", "self", "super", "caller", "true", "false", "none"})
_CHAIN = re.compile(r"(?:\bnot\s+|-\s*){500}")
"""Prefixes in such a number overflow the stack of minijinja 3.1, and end the process."""
_FINDER = minijinja.Environment()
_WORD = re.compile(r"[\w.]+")


def is_valid(text: str) -> bool:
    """Whether minijinja can read the text."""
    try:
        _read(text)
    except minijinja.TemplateError:
        return False
    return True


def check_source(source: Source, place: Place, report: Report) -> bool:
    """Report a text that minijinja cannot read, at its line; whether it can."""
    chain = None if _has_no_chain(source.text) else _CHAIN.search(source.text)
    if chain is not None:
        at = written_at(source, chain.start())
        report.add("E601", Place(at.file, at.line), "hundreds of `not` or `-` in a row", "remove them")
        return False
    try:
        _read(source.text)
    except minijinja.TemplateError as error:
        line = error.line or 1
        here = Place(place.file, place.line + line - 1, place.column if line == 1 else 1)
        if isinstance(source, Woven):
            here = written_at(source, _error_at(source.text, error))
        message = f"this template is not valid: {error.detail or error.kind}"
        report.add("E601", here, message, fix_of(message))
        return False
    return True


def _error_at(text: str, error: minijinja.TemplateError) -> int:
    """The character at which minijinja cannot go on: where it says, else where its line begins."""
    if error.range:
        return len(text.encode()[: error.range[0]].decode(errors="replace"))
    return sum(len(line) for line in text.splitlines(keepends=True)[: (error.line or 1) - 1])


@lru_cache(maxsize=FILES)
def _read(text: str) -> frozenset[str]:
    """The paths that a template reads; raises TemplateError."""
    try:
        minijinja.Environment().add_template("text", text)
        return frozenset(_FINDER.undeclared_variables_in_str(text, nested=True))
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise minijinja.TemplateError("minijinja itself fails on it") from None


def prints_link(source: Source) -> bool:
    """Whether the text reads the link to its survey; of one that cannot be read that is not asked."""
    return not is_valid(source.text) or SURVEY_URL in _read(source.text)


def lets_leave(source: Source) -> bool:
    """Whether the text leads to where its reader can unsubscribe; of one that cannot be read that is not asked."""
    return not is_valid(source.text) or not _read(source.text).isdisjoint(_ADDED)


def prints_address(source: Source) -> bool:
    """Whether the text reads its sender's postal address; of one that cannot be read that is not asked."""
    return not is_valid(source.text) or f"{SENDER}.{POSTAL_ADDRESS}" in _read(source.text)


def check_reads(template: Template, view: View, scope: Scope, asked: Asked = NOTHING, *, sms: bool = False) -> None:
    """Report what the template's texts read or print that is not there, for one place that sends it; by SMS, their length.

    `asked`: what is certain there.
    """
    root = _root(template, view, scope)
    for sources in template.sources.values():
        for part, compiled in sources.items():
            source = scope.authored.get(compiled.file, compiled)
            paths = {path for path in _paths(source) if path in template.inputs or path not in _BUILT_IN}
            told = scope.report.count
            for path in sorted(paths):
                _check_path(path, source, template, view, scope)
            known = scope.report.count == told
            lenient = "" in view.events
            found = faults(scope.press, source, root, paths, asked, lenient=lenient) if _readable(source) else []
            for fault in found:
                _report(fault, source, scope, asked)
            if known and not found and _readable(source) and any(path.startswith("profile") for path in paths):
                _check_people(source, root, paths, view, scope, asked)
            if part == "sms" and sms and not found and _readable(source):
                check_length(source, root, paths, template, view, scope)


def _check_people(source: Source, root: Type, paths: set[str], view: View, scope: Scope, asked: Asked) -> None:
    """Render the text for each persona who can have come so far."""
    made = Sample(lenient="" in view.events).of(root, paths)
    for name, person in rendered_people(scope):
        data = {**made, "profile": person}
        if any(place.startswith("profile.") and at(data, place) is None for place in asked.certain):
            continue
        wrong = scope.press.attempt(source.text, data)
        if wrong is not None:
            here = _at(source, place_of(scope.press, source.text, wrong, data, paths), scope)
            message = f"this cannot be rendered for the persona `{name}`: {told(wrong)}"
            scope.report.add("E603", here, message, "print only what is there, or mend the sample")


def _root(template: Template, view: View, scope: Scope) -> Type:
    """All that the template can read, and what delivery adds."""
    inputs = {SENDER: Member(_sender(template, scope), always=True)}
    inputs |= {name: Member(type_of_schema(schema), always=True) for name, schema in template.inputs.items()}
    found = text_environment(view, scope)
    members = Members(lambda name: inputs.get(name) or (found.members.get(name) if found.members is not None else None))
    return Type(frozenset({"object"}), members=members)


def _sender(template: Template, scope: Scope) -> Type:
    """What senders.yaml says of the template's sender; of one that is not there, which is told elsewhere, all."""
    told = told_of(scope.senders, template.sender)
    known = template.sender in scope.senders
    given = {name: constant(told[name]) if name in told else TEXT for name in (NAME, POSTAL_ADDRESS)}
    return record(**{name: Member(found, always=name in told or not known) for name, found in given.items()})


def _report(fault: Fault, source: Source, scope: Scope, asked: Asked) -> None:
    here = _at(source, fault.at, scope)
    if fault.unknown:
        fix = "loop less in it" if "fuel" in fault.message else fix_of(fault.message)
        scope.report.add("E601", here, f"this template cannot be rendered: {fault.message}", fix)
        return
    if fault.place is None:
        scope.report.add("E603", here, "what is printed here is not there, or is a list or an object", "print what is in it")
        return
    path, mode = fault.place
    listed, _, member = path.replace("[].", "[]").rpartition("[]")
    written = f"one.{member}" if listed and member else path.replace("[]", "")
    called = f"`{member}` of one of `{listed.replace('[]', '')}`" if listed and member else f"`{written}`"
    loop = ", where `one` is what your `for` calls it" if listed and member else ""
    how = "may have no elements" if mode == "no elements" else f"may be {mode}"
    fix = f'write {{{{ {written} | default("…") }}}}, or test it: {{% if {written} %}} … {{% endif %}}{loop}'
    if asked.at_first(fault.place):
        fix = f"{fix}; the campaign asks for it before, and it may be gone by then: ask it in `while`"
    scope.report.add("E603", here, f"{called} {how}, and then this message cannot be sent", fix)


def _readable(source: Source) -> bool:
    return _has_no_chain(source.text)


@lru_cache(maxsize=FILES)
def _has_no_chain(text: str) -> bool:
    return _CHAIN.search(text) is None


def _paths(source: Source) -> set[str]:
    try:
        return set(_read(source.text)) if _readable(source) else set()
    except minijinja.TemplateError:
        return set()


def _at(source: Source, at: int, scope: Scope) -> Place:
    """Where a character of the text stands in its file; in YAML where the word that begins there is written."""
    written = scope.files.settings.get(source.file)
    if written is None:
        return written_at(source, at)
    match = _WORD.match(source.text, at)
    earlier = source.text.count(match[0], 0, at) if match is not None else 0
    found = sum(len(line) for line in written.splitlines(keepends=True)[: source.line - 1]) - 1
    for _ in range(earlier + 1):
        found = written.find(match[0], found + 1) if match is not None else -1
        if found < 0:
            return Place(source.file, source.line)
    return Place(source.file, written.count("\n", 0, found) + 1, found - written.rfind("\n", 0, found))


def _check_path(path: str, source: Source, template: Template, view: View, scope: Scope) -> None:
    root = path.split(".", maxsplit=1)[0]
    if root in template.inputs or root in _ADDED or root in _BUILT_IN:
        return
    if root == CONFIRM:
        if GIVEN not in view.events and "" not in view.events:
            here, fix = _at(source, _first(path, source), scope), f"send it `on: {{event: {GIVEN}}}`"
            scope.report.add("E306", here, f"there is a `{CONFIRM}` only in a message about a `{GIVEN}`", fix)
        return
    if root in ("item", "items") and (root == "items") is not view.merged and "" not in view.events:
        fix = "go through `items`" if view.merged else "read `item`, or write `merge` into the `send`"
        message = f"there is no `{root}` {'in a message that joins several' if view.merged else 'without `merge`'}"
        scope.report.add("E306", _at(source, _first(path, source), scope), message, fix)
        return
    if root == "survey":
        _check_survey(path, source, view, scope)
    if root == SENDER and path not in (SENDER, *(f"{SENDER}.{name}" for name in (NAME, POSTAL_ADDRESS))):
        here, fix = _at(source, _first(path, source), scope), f"read `{SENDER}.{NAME}` or `{SENDER}.{POSTAL_ADDRESS}`"
        scope.report.add("E306", here, f"there is no `{path}` to read", fix)
    if root in ("items", "survey", SENDER):
        return
    if root not in _ROOTS:
        fix = (
            whole_place(path, view, scope)
            or did_you_mean(path, [*template.inputs, *_ROOTS, SENDER])
            or "declare it under `inputs`"
        )
        scope.report.add("E306", _at(source, _first(path, source), scope), f"there is no `{path}` to read", fix)
        return
    unknown = unknown_in(path, view, scope)
    if unknown is not None:
        scope.report.add("E306", _at(source, _first(path, source), scope), *unknown)


def _check_survey(path: str, source: Source, view: View, scope: Scope) -> None:
    here, unasked = _at(source, _first(path, source), scope), not view.survey and "" not in view.events
    if unasked:
        scope.report.add("E306", here, "there is no `survey` without one in the `send`", "write `survey: NAME` into the `send`")
    elif path not in ("survey", SURVEY_URL):
        scope.report.add("E306", here, f"there is no `{path}` to read", f"read `{SURVEY_URL}`")


def _first(path: str, source: Source) -> int:
    """The character at which the path is first written; the text's first where it is not written so."""
    pattern = re.compile(r"(?<![\w.])" + r"\s*\.\s*".join(re.escape(part) for part in path.split(".")) + r"(?!\w)")
    for block in re.finditer(r"\{[{%].*?[%}]\}", source.text, re.DOTALL):
        match = pattern.search(block[0])
        if match is not None:
            return block.start() + match.start()
    return 0
