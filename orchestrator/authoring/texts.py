"""templates/NAME/…: settings, inputs and texts by locale, each text's syntax checked."""

from __future__ import annotations

from pathlib import PurePosixPath

from orchestrator.authoring.document import Document, Place
from orchestrator.authoring.inlining import has_styles, inline_styles
from orchestrator.authoring.marks import marked, restored
from orchestrator.authoring.mjml import compile_mjml
from orchestrator.authoring.placeholders import check_placeholders
from orchestrator.authoring.placing import Woven
from orchestrator.authoring.rendering import check_source, is_valid
from orchestrator.authoring.schemata import validator_of
from orchestrator.authoring.scope import Scope
from orchestrator.authoring.weaving import read_partials, woven
from orchestrator.domain.template import DEFAULT, Source, Template, folder_locale

_PARTS = {"email.html": "html", "email.mjml": "html", "email.txt": "text", "sms.txt": "sms"}
_DEPTHS = {3: 0, 4: 1}
"""Parts of `templates/NAME/FILE` and `templates/NAME/LOCALE/FILE`."""


def read_templates(scope: Scope) -> None:
    """Fill `templates` and `senders`."""
    senders = scope.files.one("senders")
    if senders is not None and isinstance(senders.value, dict):
        scope.senders = {name: spot.value for name, spot in senders.root.members() if isinstance(spot.value, dict)}
    read_partials(scope)
    for document in scope.files.documents.get("templates", ()):
        _settings(document, scope)
    for file, text in scope.files.texts.items():
        if file.startswith("templates/"):
            _text(file, text, scope)


def _template(file: str, scope: Scope) -> tuple[Template, str] | None:
    """The template and locale that a file belongs to."""
    parts = PurePosixPath(file).parts
    if len(parts) not in _DEPTHS:
        scope.report.add(
            "W101", Place(file), f"nothing reads `{file}`", "write templates/NAME/FILE or templates/NAME/LOCALE/FILE"
        )
        return None
    locale = folder_locale(parts[2]) if _DEPTHS[len(parts)] else DEFAULT
    made = Template(parts[1], default_locale=scope.default_locale)
    return scope.templates.setdefault(parts[1], made), locale


def _settings(document: Document, scope: Scope) -> None:
    found = _template(document.file, scope)
    if found is None:
        return
    template, locale = found
    root = document.root
    sources = template.sources.setdefault(locale, {})
    for part in ("subject", "preheader"):
        if (spot := root.get(part)) is not None and spot.text is not None:
            sources[part] = Source(spot.text, document.file, spot.place.line)
            check_source(sources[part], spot.place, scope.report)
            check_placeholders(sources[part], scope.report, spot.place)
    if locale != DEFAULT:
        for word in ("sender", "inputs", "frame"):
            if (extra := root.get(word)) is not None:
                scope.report.add(
                    "E205",
                    extra.key_place,
                    f"`{word}` is the same for every locale",
                    f"write it into templates/{template.name}/template.yaml",
                )
        return
    _whole(template, document, scope)


def _whole(template: Template, document: Document, scope: Scope) -> None:
    """What holds for every locale."""
    root = document.root
    inputs = root.get("inputs")
    for name, spot in inputs.members() if inputs is not None else ():
        validator_of(spot, scope.report)
        template.inputs[name] = spot.value if isinstance(spot.value, dict) else {}
    if (frame := root.get("frame")) is not None and frame.text is not None:
        scope.frames[template.name] = frame
    sender = root.get("sender")
    if sender is not None and scope.senders:
        scope.names(sender, "sender")
    if sender is not None and sender.text is not None:
        scope.templates[template.name] = Template(
            template.name, sender.text, template.inputs, template.sources, template.default_locale
        )


def _text(file: str, text: str, scope: Scope) -> None:
    name = PurePosixPath(file).name
    if name not in _PARTS:
        if not name.startswith("."):
            known = ", ".join((*_PARTS, "template.yaml"))
            scope.report.add("W101", Place(file), f"nothing reads `{file}`", f"a template's files are {known}")
        return
    found = _template(file, scope)
    if found is None:
        return
    template, locale = found
    source, texts = Source(text, file), template.sources.setdefault(locale, {})
    if _PARTS[name] in texts:
        message = f"`{texts[_PARTS[name]].file}` stands beside it: both are the page of one message"
        scope.report.add("E205", Place(file), message, "keep one of them")
    texts[_PARTS[name]] = source
    frame = None if name == "sms.txt" else scope.frames.get(template.name)
    whole = woven(source, locale, frame, scope)
    check_placeholders(whole or source, scope.report)
    if whole is not None and check_source(whole, Place(file), scope.report):
        scope.authored[file] = whole
        texts[_PARTS[name]] = _compiled(whole, scope) or whole


def _compiled(source: Source, scope: Scope) -> Source | None:
    """What delivery renders of a text, if that can be rendered."""
    if source.file.endswith(".mjml"):
        found, done = compile_mjml(source, scope.report), "once MJML is compiled"
    elif source.file.endswith(".html") and has_styles(source.text):
        found, done = inline_styles(source, scope.report), "once the styles are written into the page"
    else:
        return source if not isinstance(source, Woven) else restored((marks := marked(source.text)).text, marks, source)
    if found is not None and not is_valid(found.text):
        message = f"{done}, an `if` or `for` no longer stands around what it should"
        scope.report.add("E601", Place(source.file), message, "let it begin and end between the same two tags")
        return None
    return found
