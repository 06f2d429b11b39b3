"""A template and what it may read → the message that goes out.

Templates are written by marketers and filled with what customers typed, so: JSON values only (minijinja calls the methods of
Python objects), fuel instead of trust, bounds on what comes out, html escaped in html and nowhere else. A missing value is an
error when it is printed and false when it is tested; null too, and `default` covers both: no customer reads "None".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from orchestrator.delivery.channel import RenderedMessage
from orchestrator.delivery.links import Chosen
from orchestrator.delivery.press import Press, Texts
from orchestrator.delivery.question import question
from orchestrator.delivery.tracking import Tracking
from orchestrator.delivery.unrenderable import RenderError
from orchestrator.domain.calls import CHANNEL
from orchestrator.domain.choices import PLACEHOLDERS
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.template import SENDER, Template, told_of


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders messages by the name of their template. `senders` are senders.yaml's: name → channel → settings."""

    templates: Mapping[str, Template]
    senders: Mapping[str, Mapping[str, Mapping[str, str]]]
    survey_url: Callable[[Outgoing], str] | None = None
    """Makes the link of a message that asks a survey; without it a placeholder stands there."""
    choices: Callable[[Outgoing], Chosen] | None = None
    """Makes the links by which recipients choose what they get, and the headers for unsubscribing; the same without it."""
    tracking: Tracking | None = None
    """Rewrites the links of emails; without it they go out as they are written."""
    _press: Press = field(default_factory=Press, compare=False, repr=False)

    def render(self, outgoing: Outgoing, headers: Mapping[str, str] | None = None) -> RenderedMessage:
        """The message, in full, with further `headers` if any. Raises OrchestratorError."""
        if outgoing.channel == CHANNEL:
            return question(outgoing, self.senders)
        template = self.templates.get(outgoing.template)
        if template is None:
            raise RenderError(outgoing.template, "template", None, "there is no template of this name")
        chosen = self.choices(outgoing) if self.choices is not None else Chosen(PLACEHOLDERS)
        context = {**chosen.urls, SENDER: told_of(self.senders, template.sender), **outgoing.context}
        if outgoing.survey and self.survey_url is not None:
            context = {**context, "survey": {"url": self.survey_url(outgoing)}}
        texts = render_texts(template, outgoing.channel, outgoing.locale, context, self._press)
        if self.tracking is not None and outgoing.channel == "email":
            page, text = self.tracking.page(texts.html, outgoing), self.tracking.text(texts.text, outgoing)
            texts = replace(texts, html=page, text=text)
        return RenderedMessage(
            message_id=outgoing.message_id,
            channel=outgoing.channel,
            to=outgoing.to,
            body_text=texts.text,
            campaign=outgoing.campaign,
            sender=self.senders.get(template.sender or "", {}).get(outgoing.channel, {}),
            subject=texts.subject,
            body_html=texts.html,
            headers={**chosen.headers, **(headers or {})},
        )


def render_texts(
    template: Template, channel: str, locale: str | None, context: Mapping[str, Any], press: Press | None = None
) -> Texts:
    """What the recipient reads. `context` holds the inputs by bare name, and event, item, profile, stage, enrolment, now.

    `press` keeps what it has compiled, of templates with different names. Raises RenderError.
    """
    missing = sorted(set(template.inputs) - set(context))
    if missing:
        raise RenderError(template.name, "inputs", None, f"`with` gives no {missing[0]}")
    return (press or Press()).texts(template, channel, locale, context)
