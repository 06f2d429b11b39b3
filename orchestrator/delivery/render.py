"""A template and what it may read → the message that goes out.

Templates are written by marketers and filled with what customers typed, so: JSON values only (minijinja calls the methods of
Python objects), fuel instead of trust, bounds on what comes out, html escaped in html and nowhere else. A missing value is an
error when it is printed and false when it is tested; null too, and `default` covers both: no customer reads "None".
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser
from typing import Any

from minijinja import Environment, TemplateError

from orchestrator.delivery.blame import blame
from orchestrator.delivery.channel import RenderedMessage
from orchestrator.delivery.question import question
from orchestrator.domain.calls import CHANNEL
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.template import Part, Source, Template
from orchestrator.errors import OrchestratorError

FUEL = 100_000
"""Instructions that one part may take; an email with 12 rows takes about 700."""
PART_CHARS: Mapping[Part, int] = {"subject": 500, "preheader": 500, "html": 500_000, "text": 500_000, "sms": 1_600}
"""What one rendered part may be long. 1,600 characters are Twilio's longest SMS."""
AMOUNT_MAX = Decimal(10) ** 15

_OF_VALUES = ("UndefinedError", "Unknown")
"""Kinds of errors that come from what the recipient has or lacks; `Unknown` is what our own filters and printing raise."""
_BULLET = "- "
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_HIDDEN = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{}</div>'


class RenderError(OrchestratorError):
    """A template that cannot be rendered. `line` is that of `file`; None where minijinja does not tell it."""

    def __init__(self, template: str, part: Part, line: int | None, message: str, file: str = "") -> None:
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{place}template {template!r}, {part}: {message}")
        self.template, self.part, self.line, self.message, self.file = template, part, line, message, file


@dataclass(frozen=True, slots=True)
class Texts:
    """What the recipient reads, on one channel. `text` is the SMS, or the email's plain part."""

    text: str
    subject: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders messages by the name of their template. `senders` are senders.yaml's: name → channel → settings."""

    templates: Mapping[str, Template]
    senders: Mapping[str, Mapping[str, Mapping[str, str]]]
    survey_url: Callable[[Outgoing], str] | None = None
    """Makes the link of a message that asks a survey; without it a placeholder stands there."""

    def render(self, outgoing: Outgoing, headers: Mapping[str, str] | None = None) -> RenderedMessage:
        """The message, in full. `headers` are the ones for unsubscribing. Raises OrchestratorError."""
        if outgoing.channel == CHANNEL:
            return question(outgoing, self.senders)
        template = self.templates.get(outgoing.template)
        if template is None:
            raise RenderError(outgoing.template, "template", None, "there is no template of this name")
        context = outgoing.context
        if outgoing.survey and self.survey_url is not None:
            context = {**context, "survey": {"url": self.survey_url(outgoing)}}
        texts = render_texts(template, outgoing.channel, outgoing.locale, context)
        return RenderedMessage(
            message_id=outgoing.message_id,
            channel=outgoing.channel,
            to=outgoing.to,
            body_text=texts.text,
            campaign=outgoing.campaign,
            sender=self.senders.get(template.sender or "", {}).get(outgoing.channel, {}),
            subject=texts.subject,
            body_html=texts.html,
            headers=headers or {},
        )


def render_texts(template: Template, channel: str, locale: str | None, context: Mapping[str, Any]) -> Texts:
    """What the recipient reads. `context` holds the inputs by bare name, and event, item, profile, stage, enrolment, now.

    Raises RenderError.
    """
    missing = sorted(set(template.inputs) - set(context))
    if missing:
        raise RenderError(template.name, "inputs", None, f"`with` gives no {missing[0]}")
    press = _Press(template, locale, _json_only(template, context))
    if channel == "sms":
        return Texts(press.required("sms", "sms.txt").strip())
    page = press.part("html") or ""
    text = press.part("text")
    if text is None:
        text = press.plain(page) if page else press.required("text", "email.html or email.txt")
    subject = " ".join(press.required("subject", "subject").split())
    return Texts(text, subject, _with_preheader(page, press.part("preheader") or ""))


class _Press:
    """Renders the parts of one template for one recipient."""

    def __init__(self, template: Template, locale: str | None, context: dict[str, Any]) -> None:
        self._template = template
        self._locale = locale
        self._context = context
        self._environment = _environment((locale or template.default_locale).replace("_", "-").lower().split("-")[0])

    def required(self, part: Part, named: str) -> str:
        text = self.part(part)
        if not text or text.isspace():
            raise RenderError(self._template.name, part, None, f"there is no {named} to send, or it says nothing")
        return text

    def plain(self, page: str) -> str:
        """The page as plain text."""
        try:
            return plain_text(page)
        except AssertionError as error:  # how the standard library says what it cannot read
            raise RenderError(self._template.name, "html", None, f"the page is not HTML: {error}") from None

    def part(self, part: Part) -> str | None:
        """The part's text; None where the template has none."""
        source = self._template.source(part, self._locale)
        if source is None:
            return None
        text = self._pressed(part, source)
        if len(text) > PART_CHARS[part]:
            told = f"is {len(text):,} characters long, {PART_CHARS[part]:,} are the limit"
            raise RenderError(self._template.name, part, None, told, source.file)
        return text

    def _pressed(self, part: Part, source: Source) -> str:
        try:
            self._environment.add_template(part, source.text)
            # `render_str` would take a context key called `name` for the template's, and with it decide what is escaped
            return self._environment.render_template(part, **self._context)
        except TemplateError as error:
            raise self._refused(part, source, error) from None
        except (AttributeError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError) as error:
            told = f"a filter was given what it cannot take ({type(error).__name__})"
            raise RenderError(self._template.name, part, None, told, source.file) from None
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            # a defect of minijinja met by this template: Rust's panic is no Exception and would end the process
            raise RenderError(self._template.name, part, None, "minijinja failed on this template", source.file) from None

    def _refused(self, part: Part, source: Source, error: TemplateError) -> RenderError:
        """The error with its line and the expression that it comes from, where these can be told."""
        told, line = _told(error, source), error.line
        if error.kind in _OF_VALUES:
            blamed = blame(self._environment, part, source.text, self._context, error.kind)
            if blamed is not None:
                told, line = f"`{blamed.expression}`: {_said(error)}", blamed.line if line is None else line
        return RenderError(self._template.name, part, None if line is None else source.line_of(line), told, source.file)


def _told(error: TemplateError, source: Source) -> str:
    """The reason and the template's own words for it, without values: `str(error)` may show the recipient's."""
    if error.kind == "Unknown":
        return _said(error)
    begin, end = error.range or (0, 0)
    words = source.text.encode()[begin:end].decode(errors="replace")
    if error.kind == "UndefinedError":
        return f"`{words}`: {_said(error)}"
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", error.kind).lower()
    return f"{kind}: {error.detail}" if error.detail else f"{kind} at `{words}`"


def _said(error: TemplateError) -> str:
    return str(error.args[0]) if error.kind == "Unknown" else "no value here; give it a default, or test it first"


def _json_only(template: Template, context: Mapping[str, Any]) -> dict[str, Any]:
    """The context as plain JSON values; lone surrogates, which nothing can carry, become question marks."""
    try:
        text = json.dumps(dict(context), ensure_ascii=False, allow_nan=False)
        found: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    except (TypeError, ValueError, RecursionError) as error:
        raise RenderError(template.name, "context", None, f"holds more than JSON ({type(error).__name__})") from None
    return found


def _environment(language: str) -> Environment:
    """A fresh one a message: 11 µs, and nothing of one recipient can reach another."""
    environment = Environment(
        fuel=FUEL,
        debug=False,
        pycompat=False,
        auto_escape_callback=lambda part: "html" if part == "html" else False,
        finalizer=_printed,
        filters={"default": _default, "d": _default, **_formats(language)},
    )
    environment.undefined_behavior = "semi_strict"  # type: ignore[assignment]  # minijinja has it, its stub has not
    environment.remove_global("debug")
    return environment


def _printed(value: Any) -> Any:
    if value is None or isinstance(value, dict | list):
        raise TemplateError("prints null, a list or an object: test it, give it a default or print what is in it")
    return value


def _default(value: Any, instead: Any = "", falsy: Any = False) -> Any:  # noqa: FBT002  (Jinja's signature)
    """Jinja's `default`, for null as for absence."""
    return instead if value is None or (falsy and not value) else value


# money and dates ----------------------------------------------------------------------------------------------------------

_MONTHS = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "it": (
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ),
}
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_UNDIVIDED = frozenset({"JPY", "KRW", "CLP", "VND", "ISK"})
_CURRENCY = re.compile("[A-Z]{3}")


def _formats(language: str) -> dict[str, Callable[..., str]]:
    """`money(currency, locale)` and `day(locale)`; the recipient's locale where the template names none."""
    return {
        "money": lambda amount, currency="EUR", locale=language: money(amount, currency, locale),
        "day": lambda value, locale=language: day(value, locale),
    }


def money(amount: Any, currency: str, locale: str) -> str:
    """`1.234,50 €` in Italian, `€1,234.50` in English and elsewhere. A no-break space would double the price of an SMS."""
    try:
        exact = (
            Decimal(str(amount)) if isinstance(amount, int | float | str) and not isinstance(amount, bool) else Decimal("nan")
        )
        fits = abs(exact) < AMOUNT_MAX
    except ArithmeticError:
        fits = False
    if not fits:
        raise TemplateError("money needs a number")
    if not _CURRENCY.fullmatch(currency):
        raise TemplateError("money needs a currency of three letters, like EUR")
    unit = Decimal(1) if currency in _UNDIVIDED else Decimal("0.01")
    rounded = exact.quantize(unit, ROUND_HALF_UP)
    digits, sign = f"{abs(rounded):,}", "-" if rounded < 0 else ""
    symbol = _SYMBOLS.get(currency, currency)
    if _language(locale) == "it":
        return f"{sign}{digits.translate(str.maketrans(',.', '.,'))} {symbol}"
    return f"{sign}{symbol}{'' if currency in _SYMBOLS else ' '}{digits}"


def day(value: Any, locale: str) -> str:
    """`3 marzo 2026` in Italian, `3 March 2026` in English and elsewhere, of a date or date-time as it is written."""
    try:
        found = date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        raise TemplateError("day needs a date like 2026-03-31") from None
    return f"{found.day} {_MONTHS[_language(locale)][found.month - 1]} {found.year}"


def _language(locale: str) -> str:
    return "it" if locale.replace("_", "-").lower().split("-")[0] == "it" else "en"


# html -> text -------------------------------------------------------------------------------------------------------------


def _with_preheader(page: str, preheader: str) -> str:
    """The page beginning with the line that inboxes show beside the subject."""
    if not page or not preheader.strip():
        return page
    body = _BODY.search(page)
    at = body.end() if body else 0
    return page[:at] + _HIDDEN.format(html.escape(preheader.strip())) + page[at:]


def plain_text(page: str) -> str:
    """The page as plain text: a line a block, links as `text (url)`, images as their `alt`."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.found).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    """Collects the words of a page; `_owed` line ends are written before the next one."""

    _SILENT = frozenset({"head", "style", "script", "title", "template"})
    _LINES = frozenset({"tr", "li", "div", "dt", "dd", "section", "article", "header", "footer"})
    _PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._owed = 0
        self._silent: list[str] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._end_line(tag)
        if tag in self._SILENT:
            self._silent.append(tag)
        elif tag == "a":
            self._links.append((given.get("href") or "", len(self.found)))
        elif tag == "img":
            self.handle_data(given.get("alt") or "")
        elif tag == "li":
            self.handle_data(_BULLET)
        elif tag == "br":
            self.found.append("\n")
        elif tag == "body":
            self._silent.clear()  # it ends a head that nobody closed

    def handle_endtag(self, tag: str) -> None:
        self._end_line(tag)
        if tag in self._silent:
            del self._silent[self._silent.index(tag) :]
        elif tag == "a" and self._links:
            href, begun = self._links.pop()
            url = href.removeprefix("mailto:").strip()
            said = "".join(self.found[begun:]).strip()
            if url and not url.startswith("#") and url != said:
                self.handle_data(f" ({url})" if said else url)
        elif tag in ("td", "th"):
            self.found.append(" ")

    def handle_data(self, data: str) -> None:
        if self._silent or (self._owed and not data.strip()):
            return
        self.found.append("\n" * self._owed + re.sub(r"[\r\n]+", " ", data))
        self._owed = 0

    def _end_line(self, tag: str) -> None:
        if not (self.found and self.found[-1].endswith(_BULLET)):
            self._owed = max(self._owed, 2 if tag in self._PARAGRAPHS else 1 if tag in self._LINES else 0)
