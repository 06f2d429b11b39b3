"""The parts of templates, compiled once and rendered for each recipient: JSON values only, with fuel, bounded."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minijinja import TemplateError

from orchestrator.delivery.blame import blame
from orchestrator.delivery.plain import plain_template, plain_text, settled
from orchestrator.delivery.templating import environment, json_only, reads
from orchestrator.delivery.unrenderable import RenderError, defect, refusal, said, told
from orchestrator.domain.template import Part, Source, Template

PART_CHARS: Mapping[Part, int] = {"subject": 500, "preheader": 500, "html": 500_000, "text": 500_000, "sms": 1_600}
"""What one rendered part may be long. 1,600 characters are Twilio's longest SMS."""
PLANS_KEPT = 4_096
"""Of templates by channels by locales, as recipients have them, so many have their parts known."""

_OF_VALUES = ("UndefinedError", "Unknown")
"""Kinds of errors that come from what the recipient has or lacks; `Unknown` is what our own filters and printing raise."""
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Unicode's embeddings, overrides and isolates."""
_HIDDEN = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{}</div>'


@dataclass(frozen=True, slots=True)
class Texts:
    """What the recipient reads, on one channel. `text` is the SMS, or the email's plain part."""

    text: str
    subject: str = ""
    html: str = ""
    """With the preheader at its top."""
    preheader: str = ""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One part of a template, compiled under `name`. `language` is what its filters write."""

    part: Part
    name: str
    source: Source
    language: str
    read_out: bool = False
    """It is the plain text of the page's template, its lines still signs."""


_Plan = Mapping[Part, _Piece]
"""The parts that one channel and locale has."""


class Press:
    """Renders the templates of one program. Nothing of one recipient reaches another: a rendering leaves nothing behind."""

    def __init__(self) -> None:
        self._environment = environment(lambda: self._language)
        self._language = ""
        """Of the part that is being rendered."""
        self._plans: dict[tuple[str, str, str | None], _Plan] = {}
        self._names: dict[tuple[str, Source], str] = {}

    def texts(self, template: Template, channel: str, locale: str | None, context: Mapping[str, Any]) -> Texts:
        """What the recipient reads. Raises RenderError."""
        plan = self._plan(template, channel, locale)
        values = json_only(template, context)
        if channel == "sms":
            return Texts(_required(template, "sms", "sms.txt", self._part(template, plan, "sms", values)).strip())
        page = self._part(template, plan, "html", values) or ""
        text = self._text(template, plan, page, values)
        subject = _one_line(_required(template, "subject", "subject", self._part(template, plan, "subject", values)))
        preheader = (self._part(template, plan, "preheader", values) or "").strip()
        return Texts(text, subject, _with_preheader(page, preheader), preheader)

    def _text(self, template: Template, plan: _Plan, page: str, values: dict[str, Any]) -> str:
        """The email's plain part: its own, or the page's."""
        piece = plan.get("text")
        if piece is not None and piece.read_out:
            return _bounded(template, piece, settled(self._pressed(template, piece, values)))
        if piece is None and page:
            return _plain(template, page)
        return _required(template, "text", "email.html or email.txt", self._part(template, plan, "text", values))

    def _part(self, template: Template, plan: _Plan, part: Part, values: dict[str, Any]) -> str | None:
        """The part's text; None where the template has none."""
        piece = plan.get(part)
        return None if piece is None else _bounded(template, piece, self._pressed(template, piece, values))

    def _pressed(self, template: Template, piece: _Piece, values: dict[str, Any]) -> str:
        self._language = piece.language
        try:
            # `render_str` would take a context key called `name` for the template's, and with it decide what is escaped
            return self._environment.render_template(piece.name, **values)
        except TemplateError as error:
            raise self._refused(template, piece, error, values) from None
        except (AttributeError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            why = f"a filter was given what it cannot take ({type(error).__name__})"
            raise RenderError(template.name, piece.part, None, why, piece.source.file) from None
        except BaseException as error:  # noqa: BLE001 - Rust's panic is one
            raise defect(template, piece.part, piece.source, error) from None

    def _plan(self, template: Template, channel: str, locale: str | None) -> _Plan:
        """The parts for this recipient, compiled. Raises RenderError for one that cannot be."""
        key = template.name, channel, locale
        if key not in self._plans:
            if len(self._plans) >= PLANS_KEPT:
                self._plans.clear()
            self._plans[key] = self._compiled(template, channel, locale)
        return self._plans[key]

    def _compiled(self, template: Template, channel: str, locale: str | None) -> _Plan:
        plan: dict[Part, _Piece] = {}
        for part in ("sms",) if channel == "sms" else ("html", "text", "subject", "preheader"):
            found = template.placed(part, locale)
            if found is not None:
                name = self._added(template, part, found[1])
                plan[part] = _Piece(part, name, found[1], template.language(found[0], locale))
        page = plan.get("html")
        text = self._read_out(page.source) if page is not None and "text" not in plan else None
        if page is not None and text is not None:
            plan["text"] = _Piece("text", text, page.source, page.language, read_out=True)
        return plan

    def _added(self, template: Template, part: Part, source: Source) -> str:
        """The name under which this text is compiled: one that ends in `html` is escaped."""
        key = part, source
        if key not in self._names:
            name = f"{len(self._names)}.{part}"
            try:
                self._environment.add_template(name, source.text)
            except TemplateError as error:
                raise refusal(template, part, source, error.line, told(error, source)) from None
            except BaseException as error:  # noqa: BLE001 - Rust's panic is one
                raise defect(template, part, source, error) from None
            self._names[key] = name
        return self._names[key]

    def _read_out(self, source: Source) -> str | None:
        """The name of the page's plain text; None where each page must be read out by itself."""
        key = "text", source
        if key not in self._names:
            try:
                text = plain_template(source.text)
                if text is None or not reads(text) <= reads(source.text):
                    return None
                self._environment.add_template(name := f"{len(self._names)}.read_out", text)
            except (AssertionError, TemplateError):
                return None
            self._names[key] = name
        return self._names[key]

    def _refused(self, template: Template, piece: _Piece, error: TemplateError, values: dict[str, Any]) -> RenderError:
        """The error with its line and the expression that it comes from, where these can be told."""
        source, line = piece.source, error.line
        if piece.read_out:
            return RenderError(template.name, "html", None, said(error), source.file)
        why = told(error, source)
        if error.kind in _OF_VALUES:
            apart = environment(lambda: piece.language)
            blamed = blame(apart, piece.part, source.text, values, error.kind)
            if blamed is not None:
                why, line = f"`{blamed.expression}`: {said(error)}", blamed.line if line is None else line
        return refusal(template, piece.part, source, line, why)


def _required(template: Template, part: Part, named: str, text: str | None) -> str:
    if not text or text.isspace():
        raise RenderError(template.name, part, None, f"there is no {named} to send, or it says nothing")
    return text


def _one_line(text: str) -> str:
    """The text on one line, and in one direction: a name must not turn the words around it."""
    return " ".join(text.translate(_TURNING).split())


def _bounded(template: Template, piece: _Piece, text: str) -> str:
    if len(text) > PART_CHARS[piece.part]:
        why = f"is {len(text):,} characters long, {PART_CHARS[piece.part]:,} are the limit"
        raise RenderError(template.name, piece.part, None, why, piece.source.file)
    return text


def _plain(template: Template, page: str) -> str:
    try:
        return plain_text(page)
    except AssertionError as error:  # how the standard library says what it cannot read
        raise RenderError(template.name, "html", None, f"the page is not HTML: {error}") from None


def _with_preheader(page: str, preheader: str) -> str:
    """The page beginning with the line that inboxes show beside the subject."""
    if not page or not preheader:
        return page
    body = _BODY.search(page)
    at = body.end() if body else 0
    return page[:at] + _HIDDEN.format(html.escape(preheader)) + page[at:]
