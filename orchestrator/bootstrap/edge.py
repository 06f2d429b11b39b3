"""The edge process of `serve`: HTTP in, messages out, the engine beside it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import aiohttp

from orchestrator.authoring import load_workspace
from orchestrator.bootstrap.beside import EngineProcess
from orchestrator.bootstrap.door import own_url, say, told_to_stop, wall
from orchestrator.config import Settings, secret_of
from orchestrator.delivery.channel import Channel
from orchestrator.delivery.dispatch import Dispatcher
from orchestrator.delivery.links import SurveyLinks
from orchestrator.delivery.question import Senders
from orchestrator.delivery.render import Renderer
from orchestrator.domain.calls import CHANNEL
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.edge import edge
from orchestrator.intake.link import EngineLink
from orchestrator.intake.server import Server
from orchestrator.intake.surveys import SurveyDoor, survey_routes

FINISH_S = 25.0
"""How long attempts under way at the end may take; what has no outcome by then is in doubt."""


def adapter(name: str) -> type[Channel]:
    """Find a channel adapter by its entry point."""
    found = entry_points(group="orchestrator.channels")
    try:
        loaded: type[Channel] = found[name].load()
    except KeyError:
        known = ", ".join(sorted(found.names))
        message = f"there is no channel adapter {name!r}; known are {known}"
        raise UsageError(message) from None
    return loaded


def build_channel(name: str, settings: dict[str, Any], session: aiohttp.ClientSession) -> Channel:
    """Make a channel; UsageError says which setting is missing."""
    try:
        return adapter(name)(settings, session)
    except (KeyError, ValueError) as error:
        message = f"channel adapter {name}: {error}; set ORCHESTRATOR_{name.upper()}_<SETTING>"
        raise UsageError(message) from error


async def run_edge(
    workspace: Path, settings: Settings, engine: EngineProcess, sockets: Sequence[socket.socket], outbox: Path
) -> None:
    """Serve until told to stop; OrchestratorError where the engine has ended before that."""
    loaded = load_workspace(workspace)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        made = partial(channel_of, settings, outbox, session, loaded.senders)
        channels = {name: made(adapter) for name, adapter in settings.adapters.items()}
        reader, writer = await asyncio.open_unix_connection(sock=engine.socket)
        links = SurveyLinks(settings.public_url or own_url(sockets[0]), lambda: _keys_of(settings, link))
        renderer = Renderer(loaded.templates, loaded.senders, links.url)
        dispatcher = Dispatcher(channels, renderer.render, lambda key, outcome: link.answer(key, outcome))  # noqa: PLW0108 - they need each other
        link = EngineLink(reader, writer, dispatcher.dispatch)
        catalogue = Catalogue(loaded.program.events)
        surveys = SurveyDoor(loaded.surveys, links.keys, link.submit, catalogue.validate, wall, lambda: link.ready)
        app = edge(
            link.submit,
            catalogue.validate,
            settings.keys,
            now=wall,
            ready=lambda: link.ready,
            things=catalogue.things,
            pages=survey_routes(surveys),
        )
        if loaded.surveys and not settings.public_url:
            say(f"links to surveys begin with {links.base}: set ORCHESTRATOR_PUBLIC_URL to what recipients can reach")
        died = await _serve(Server(app), link, dispatcher, sockets)
    if not (died or link.was_ready):
        engine.abandon()
        return
    how = await asyncio.to_thread(engine.ended)
    if died or how:
        raise OrchestratorError(
            link.failure or f"the engine {how or 'hung up'}; what was answered with 200 is kept: start again"
        )


async def _serve(server: Server, link: EngineLink, dispatcher: Dispatcher, sockets: Sequence[socket.socket]) -> bool:
    """Serve until told to stop or until the engine is gone, and end; says whether it was gone."""
    told = told_to_stop()
    reading = asyncio.create_task(link.run())
    serving = asyncio.create_task(server.serve(list(sockets)))
    announcing = asyncio.create_task(_announce(server, link, sockets[0]))
    stopping = asyncio.create_task(told.wait())
    await asyncio.wait({reading, serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    died = reading.done()
    server.stop()
    for task in (announcing, stopping):
        task.cancel()
    await _finish(link, dispatcher)
    await serving
    link.close()
    await reading
    return died


async def _finish(link: EngineLink, dispatcher: Dispatcher, within_s: float = FINISH_S) -> None:
    """No more leave; then wait for the attempts under way."""
    try:
        async with asyncio.timeout(within_s):
            await link.stop()
            await dispatcher.finish()
    except TimeoutError:
        say(f"attempts still under way after {within_s:g} s are given up: their messages are in doubt")


async def _announce(server: Server, link: EngineLink, listening: socket.socket) -> None:
    """Say where it listens, once it does and the engine is ready."""
    await server.up.wait()
    await link.opened()
    say(f"listening on {own_url(listening)}")


def _keys_of(settings: Settings, link: EngineLink) -> tuple[bytes, ...]:
    """The keys of links: the first signs, any admits. Links signed before a key was set go on working."""
    return tuple(key for key in (settings.survey_key, link.survey_key) if key)


def channel_of(settings: Settings, outbox: Path, session: aiohttp.ClientSession, senders: Senders, name: str) -> Channel:
    """The channel of an adapter; UsageError says which setting is missing."""
    given: dict[str, Any] = dict(settings.adapter_settings[name])
    if name == "file":
        given.setdefault("folder", str(outbox))
    if name == CHANNEL:
        given |= asked_senders(senders)
    return build_channel(name, given, session)


def asked_senders(senders: Senders) -> dict[str, Any]:
    """Those that a webhook asks, with their secrets; UsageError where one is not set."""
    asked = {each: found for each, found in senders.items() if CHANNEL in found}
    secrets = {each: secret_of(ref) for each, found in asked.items() if (ref := found[CHANNEL].get("secret"))}
    return {"senders": asked, "secrets": secrets}
