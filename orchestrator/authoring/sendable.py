"""Sends against their templates: text on each channel, a subject, a sender, and only what can be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.authoring.asked import Asked
from orchestrator.authoring.document import Place, Spot
from orchestrator.authoring.naming import every_step
from orchestrator.authoring.patterns import UNKNOWN, view_of_answer, view_of_run
from orchestrator.authoring.rendering import check_reads, is_valid, lets_leave, prints_address
from orchestrator.authoring.scope import CHANNELS, Scope, View
from orchestrator.authoring.surveys import check_asked
from orchestrator.domain.template import POSTAL_ADDRESS, SENDER, Source, Template, told_of


def check_sends(scope: Scope) -> None:
    """Check every `send` of every campaign."""
    used, told = set[str](), set[str]()
    for document in scope.files.documents.get("campaigns", ()):
        _walk(document.root.get("then"), view_of_run(document.root, scope), scope, used)
        _check_merges(document.root, scope)
        _check_leaving(document.root, scope, told)
    if "campaigns" not in scope.files.unreadable:
        for name in sorted(set(scope.templates) - used):
            check_reads(scope.templates[name], UNKNOWN, scope)


def _check_merges(root: Spot, scope: Scope) -> None:
    """Only runs of one campaign with different keys are under way together."""
    on = root.get("on")
    if any(part.get("key") or part.get("each") for part in (on.one_or_more() if on is not None else ())):
        return
    for step in every_step(root.get("then")):
        if (merge := step.at("send").get("merge")) is not None:
            message = "this joins nothing: without a key, a customer has one run of a campaign at a time"
            scope.report.add("W513", merge.key_place, message, "write `key` or `each` into `on`, or remove `merge`")


def _walk(steps: Spot | None, view: View, scope: Scope, used: set[str]) -> None:
    """Inside the `then` of a `wait_for`, `event` is the answer."""
    for step in steps.elements() if steps is not None else ():
        send = step.get("send")
        if send is not None and (template := scope.templates.get(send.text_of("template") or "")) is not None:
            used.add(template.name)
            _check(send, template, view, scope, scope.asked.get((step.document.file, step.path), Asked()))
        awaited = step.get("wait_for")
        inside = view if awaited is None else view_of_answer(awaited, view)
        _walk(step.get("then"), inside, scope, used)
        _walk(step.get("else"), view, scope, used)
        branch, arms = step.at("branch"), step.at("arms")
        for part in (*branch.elements(), *(arm for _, arm in arms.members())):
            _walk(part.get("then"), view, scope, used)
            _walk(part.get("else"), view, scope, used)


def _check(send: Spot, template: Template, view: View, scope: Scope, asked: Asked) -> None:
    view = replace(view, merged=send.get("merge") is not None, survey=send.get("survey") is not None)
    chosen = send.get("prefer") or send.get("channel")
    sms = chosen is not None and "sms" in [spot.value for spot in chosen.one_or_more()]
    check_reads(template, view, scope, asked, sms=sms)
    _check_saved(send, view, scope, asked)
    if "templates" in scope.files.unreadable:
        return
    channels = [spot for spot in chosen.one_or_more() if spot.value in CHANNELS] if chosen is not None else []
    ready = [spot for spot in channels if template.carries(spot.value)]
    if (survey := send.get("survey")) is not None:
        check_asked(survey, template, [spot.value for spot in ready], scope)
    for spot in channels:
        if spot not in ready:
            _without_text(spot, template, other=bool(ready), scope=scope)
            continue
        settings = f"templates/{template.name}/template.yaml"
        if spot.value == "email" and template.source("subject") is None and (settings, "subject") not in scope.report.misspelt:
            message = f"the template `{template.name}` has no subject"
            scope.report.add("E602", spot.place, message, f"write `subject` into templates/{template.name}/template.yaml")
        _sender(spot, template, scope)


def _check_leaving(root: Spot, scope: Scope, told: set[str]) -> None:
    """Marketing by email tells how to get no more of it, and where its sender is, in its own text."""
    if root.text_of("class") == "transactional":
        return
    for step in every_step(root.get("then")):
        send = step.at("send")
        template, chosen = scope.templates.get(send.text_of("template") or ""), send.get("prefer") or send.get("channel")
        if template is None or chosen is None or "email" not in [spot.value for spot in chosen.one_or_more()]:
            continue
        for parts in template.sources.values():
            source = parts.get("html") or parts.get("text")
            if source is not None and source.file not in told:
                told.add(source.file)
                _leaving(source, template, scope)


def _leaving(source: Source, template: Template, scope: Scope) -> None:
    if not lets_leave(source):
        message = "no link to unsubscribe: mail programs offer one from the header, and who finds none reports spam"
        fix = 'add <a href="{{ unsubscribe_url }}">…</a>, or {{ preferences_url }}'
        scope.report.add("N903", Place(source.file, 1), message, fix)
    if not is_valid(source.text):
        return
    written, printed = POSTAL_ADDRESS in told_of(scope.senders, template.sender), prints_address(source)
    if template.sender in scope.senders and written is not printed:
        lacks = "is not printed" if written else "is not written"
        message = f"the postal address of `{template.sender}` {lacks}: law asks for it in advertising, as in the USA"
        into = f"write `{POSTAL_ADDRESS}` into the email of `{template.sender}` in senders.yaml"
        fix = f"add {{{{ {SENDER}.{POSTAL_ADDRESS} }}}}" if written else into
        scope.report.add("N904", Place(source.file, 1), message, fix)


def _check_saved(send: Spot, view: View, scope: Scope, asked: Asked) -> None:
    """What `with` reads of a webhook's answer that has no sample, where nothing asks whether it is there."""
    given = send.get("with")
    for _, value in given.members() if given is not None else ():
        written = value.at("var").one_or_more() if isinstance(value.value, dict) and "var" in value.value else []
        root, _, rest = str(written[0].value).partition(".") if len(written) == 1 else ("", "", "")
        saved = rest.partition(".")[0] if root == "enrolment" else ""
        if saved not in view.saved or not asked.may_be_empty(f"enrolment.{rest}"):
            continue
        silent = [name for name in _asked_for(saved, send, scope) if _is_silent(scope.senders.get(name, {}).get("webhook"))]
        if silent:
            message = f"in replay, test and diff `{silent[0]}` answers {{}}, so this is empty there, and the message refused"
            fix = f"write `sample` into `{silent[0]}` in senders.yaml, or give a default: {{var: [{written[0].value}, …]}}"
            scope.report.add("N902", written[0].place, message, fix)


def _is_silent(webhook: Any) -> bool:
    """Whether nothing is written that stands in for its answer."""
    return isinstance(webhook, dict) and not webhook.get("sample")


def _asked_for(saved: str, send: Spot, scope: Scope) -> list[str]:
    """The senders that the campaign's webhooks ask for what they save under that name."""
    documents = scope.files.documents.get("campaigns", ())
    root = next(document.root for document in documents if document.file == send.document.file)
    webhooks = [step.at("webhook") for step in every_step(root.get("then"))]
    return [name for webhook in webhooks if webhook.text_of("save") == saved and (name := webhook.text_of("to"))]


def _without_text(spot: Spot, template: Template, *, other: bool, scope: Scope) -> None:
    file = "sms.txt" if spot.value == "sms" else "email.html"
    place = f"templates/{template.name}/{file}"
    message = f"the template `{template.name}` has no text for {spot.value}"
    scope.report.add("W506" if other else "E602", spot.place, message, f"write {place}")


def _sender(spot: Spot, template: Template, scope: Scope) -> None:
    """The template's sender has settings for the channel."""
    settings = scope.senders.get(template.sender or "")
    if settings is not None and spot.value not in settings:
        message = f"the sender `{template.sender}` of the template `{template.name}` has no settings for {spot.value}"
        scope.report.add("E311", spot.place, message, f"add `{spot.value}` to `{template.sender}` in senders.yaml")
