"""`orchestrator preview`: a template as customers see it, and a test of it to an address."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from orchestrator.authoring import Workspace as Loaded
from orchestrator.authoring import load_workspace
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.workspace import load_admitted
from orchestrator.cli.options import Format, Output, Workspace, print_json
from orchestrator.errors import OrchestratorError, UsageError, WorkspaceError
from orchestrator.insight.preview.page import render
from orchestrator.insight.preview.shown import Preview, Shown, preview_of

PAGE = "preview.html"
_TEXTS = ("templates/", "partials/")
_ADDRESS = re.compile(r"""[^@\s<>"]+@[^@\s<>".]+(?:\.[^@\s<>".]+)*|\+[1-9][0-9]{6,14}""")
"""An email, or a number as E.164 has it."""


def preview(
    workspace: Workspace,
    template: Annotated[str, typer.Argument(help="Name of the template.", metavar="TEMPLATE")],
    out: Annotated[Path | None, typer.Option(help="Write the page to look at into this folder.", metavar="DIR")] = None,
    persona: Annotated[str | None, typer.Option(help="Only for this persona.", metavar="NAME")] = None,
    locale: Annotated[str | None, typer.Option(help="Only in this language.", metavar="LOCALE")] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Send one test to this address, by the configured channel.", metavar="ADDRESS")
    ] = None,
    outbox: Annotated[Path, typer.Option(help="Folder of the file channel.", metavar="DIR")] = Path("outbox"),
    output: Output = Format.text,
) -> None:
    """Show a template's email and SMS for each persona and language: as a page, in words, or as a test to an address."""
    if to is not None and not _ADDRESS.fullmatch(to):
        raise UsageError(f"--to {to!r} is no address: write name@host, or a number with + and country code, as +393331234567")
    loaded = _loaded(workspace)
    if template not in loaded.templates:
        hint = did_you_mean(template, loaded.templates)
        raise UsageError(f"{template}: the workspace has no such template; {hint or 'see its folder templates'}")
    whole = preview_of(loaded, template)
    chosen = _chosen(whole, persona, locale)
    if to is not None:
        _send(chosen, to, outbox, output)
        return
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / PAGE).write_text(render(whole), encoding="utf-8")
    if output is Format.json:
        print_json({**whole.as_json(), "messages": [one for one in whole.as_json()["messages"] if _fits(one, chosen)]})
    else:
        _tell(whole, chosen, None if out is None else out / PAGE, every=locale is not None or persona is not None)
    if any(message.error for message in chosen):
        raise typer.Exit(1)


def _loaded(path: Path) -> Loaded:
    """The workspace, also while its texts have errors: that is when one looks at them."""
    try:
        return load_workspace(path)
    except WorkspaceError as error:
        wrong = [one for one in error.findings if one.severity == "error"]
        if not all(one.file.startswith(_TEXTS) for one in wrong):
            raise
        for one in wrong:
            print(one, file=sys.stderr)  # noqa: T201 - the command line's own voice
        return load_admitted(path)


def _fits(message: dict[str, object], chosen: list[Shown]) -> bool:
    return any((one.persona, one.locale, one.channel) == tuple(message[key] for key in _KEY) for one in chosen)


_KEY = ("persona", "locale", "channel")


def _chosen(whole: Preview, persona: str | None, locale: str | None) -> list[Shown]:
    names = [person.name for person in whole.people]
    if persona is not None and persona not in names:
        raise UsageError(f"--persona {persona}: there is no such persona; {did_you_mean(persona, names)}")
    found = [one for one in whole.messages if persona in (None, one.persona)]
    if locale is not None:
        found = [one for one in found if one.locale.lower().startswith(locale.lower())]
    if not found:
        raise UsageError(f"--locale {locale}: the template is written in {', '.join(whole.languages)}")
    return found


def _send(chosen: list[Shown], to: str, outbox: Path, output: Format) -> None:
    """One test: the first that fits the address, in a persona's own language if there is one."""
    from orchestrator.bootstrap.trying import send_test  # noqa: PLC0415 - it brings the channels
    from orchestrator.config import sending_settings  # noqa: PLC0415

    channel = "email" if "@" in to else "sms"
    fitting = [one for one in chosen if one.channel == channel]
    if not fitting:
        raise UsageError(f"--to {to}: the template has no text for {channel}")
    message = next((one for one in fitting if one.own), fitting[0])
    if message.error:
        raise OrchestratorError(message.error)
    told = send_test(sending_settings(), outbox, message, to)
    if output is Format.json:
        print_json({"to": to, "channel": channel, "persona": message.persona, "locale": message.locale, **told})
    else:
        words = f"{told['result']}: a test by {channel} to {to}, as for {message.persona} in {message.locale}"
        print(f"{words}{': ' + told['detail'] if told['detail'] else ''}")  # noqa: T201 - the command line's own voice
    if told["result"] != "accepted":
        raise typer.Exit(1)


def _tell(whole: Preview, chosen: list[Shown], page: Path | None, *, every: bool) -> None:
    console = Console()
    own = [message for message in chosen if message.own or every] or chosen
    for line in (line for message in own for line in _lines(message)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if page is not None:
        console.print(f"the page: {page}", markup=False, highlight=False, soft_wrap=True)
    elif len(own) < len(whole.messages):
        told = f"{len(whole.messages)} messages in all, in {', '.join(whole.languages)}; --out DIR writes the page to look at"
        console.print(told, markup=False, highlight=False, soft_wrap=True)


def _lines(message: Shown) -> Iterator[str]:
    yield f"{message.channel} for {message.persona}, {message.locale}" + ("" if message.to else " (has no address for it)")
    if message.missing:
        yield f"  not there: {', '.join(message.missing)}"
    if message.error:
        yield f"  refused: {message.error}"
        yield ""
        return
    if message.channel == "email":
        yield f"  Subject    {message.subject}"
        yield f"  Preheader  {message.preheader}"
    if (size := message.segments) is not None:
        held = (
            f"{size.length} of {size.room} characters"
            if size.count == 1
            else f"{size.length} characters, each holds {size.each}"
        )
        named = ", ".join(f"{one.character} ({one.code})" for one in size.foreign)
        yield f"  {size.count} SMS: {held}, {size.encoding}{f', because of {named}' if named else ''}"
    yield from (f"  | {line}".rstrip() for line in message.text.splitlines())
    yield ""
