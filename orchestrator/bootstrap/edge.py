"""The edge process of `serve`: HTTP in, messages out, the engine beside it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import aiohttp
from starlette.routing import Route
from starlette.types import ASGIApp

from orchestrator.authoring import Workspace, load_workspace
from orchestrator.bootstrap.beside import EngineProcess
from orchestrator.bootstrap.departures import departures_beside
from orchestrator.bootstrap.door import own_url, prints_links, told_to_stop, wall
from orchestrator.bootstrap.links import tracking_of, tracks
from orchestrator.bootstrap.pages import known_in, links_of, listed_in, shop_of
from orchestrator.bootstrap.receipts import listing, not_listening, receipt_door, with_callback
from orchestrator.bootstrap.standing import stands_in, tell_alarms
from orchestrator.config import Settings, secret_of, traces_wanted
from orchestrator.delivery.channel import Channel, close
from orchestrator.delivery.dispatch import Dispatcher, Evidence
from orchestrator.delivery.question import Senders
from orchestrator.delivery.render import Renderer
from orchestrator.domain.calls import CHANNEL
from orchestrator.errors import OrchestratorError, UsageError
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.choices import ChoiceDoor, choice_routes
from orchestrator.intake.clicks import ClickDoor, click_routes
from orchestrator.intake.edge import edge
from orchestrator.intake.link import EngineLink
from orchestrator.intake.receipts import receipt_routes
from orchestrator.intake.server import Server
from orchestrator.intake.surveys import SurveyDoor, survey_routes
from orchestrator.logs import say
from orchestrator.metrics import ATTEMPTS, Counts
from orchestrator.stores.rejects import Rejects
from orchestrator.stores.switches import Switches
from orchestrator.tracing import Tracing

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
    workspace: Path, settings: Settings, engine: EngineProcess, sockets: Sequence[socket.socket], outbox: Path, state: Path
) -> None:
    """Serve until told to stop; OrchestratorError where the engine has ended before that."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        link = EngineLink(*await asyncio.open_unix_connection(sock=engine.socket))
        house = _House(load_workspace(workspace), settings, settings.public_url or own_url(sockets[0]), link, state)
        channels = house.channels(outbox, session)
        dispatcher, rejects = house.dispatcher(channels), Rejects(state)
        server = Server(house.app(dispatcher, rejects))
        telling = asyncio.create_task(tell_alarms(state))
        died = await _serve(server, link, dispatcher, sockets)
        telling.cancel()
        await asyncio.gather(*map(close, channels.values()), asyncio.to_thread(rejects.close))
        if dispatcher.tracing is not None:
            await asyncio.to_thread(dispatcher.tracing.close)
    if not (died or link.was_ready):
        engine.abandon()
        return
    how = await asyncio.to_thread(engine.ended)
    if died or how:
        raise OrchestratorError(
            link.failure or f"the engine {how or 'hung up'}; what was answered with 200 is kept: start again"
        )


@dataclass(frozen=True, slots=True)
class _House:
    """What the parts of an edge are made from; `url` is where the world reaches it."""

    loaded: Workspace
    settings: Settings
    url: str
    link: EngineLink
    state: Path
    counts: Counts = field(default_factory=Counts)

    def address_key(self) -> bytes:
        """The key of the file's list; empty before the engine is ready."""
        return self.link.address_key

    def link_keys(self) -> tuple[bytes, ...]:
        """The keys of links: the first signs, any admits. Links signed before a key was set go on working."""
        return tuple(key for key in (self.settings.survey_key, self.link.survey_key) if key)

    def channels(self, outbox: Path, session: aiohttp.ClientSession) -> dict[str, Channel]:
        """channel → its adapter."""
        settings = with_callback(self.settings, self.url)
        made = partial(channel_of, settings, outbox, session, self.loaded.senders)
        return {name: made(adapter) for name, adapter in self.settings.adapters.items()}

    def dispatcher(self, channels: Mapping[str, Channel]) -> Dispatcher:
        """Hands over what the engine gives leave to, unless a switch holds it back."""
        links = links_of(self.settings, self.url, self.link_keys, self.address_key)
        tracking = tracking_of(self.loaded, links.surveys)
        dispatcher = Dispatcher(
            channels,
            Renderer(self.loaded.templates, self.loaded.senders, links.surveys.url, links.choices.of, tracking).render,
            self.link.answer,
            Switches(self.state, self.settings.adapters).let,
            reaches=self.settings.reaches,
            dead=listing(self.link.say, self.address_key),
            evidence=Evidence(departures=departures_beside(self.state)),
        )
        dispatcher.counted = partial(self.counts.add, ATTEMPTS, 1)
        dispatcher.tracing = Tracing("edge") if traces_wanted() else None
        return dispatcher

    def app(self, dispatcher: Dispatcher, rejects: Rejects) -> ASGIApp:
        """The doors: of events, of recipients, of providers."""
        catalogue, link = Catalogue(self.loaded.program.events), self.link
        door = receipt_door(self.settings, self.loaded, self.url, link.receive, link.say, self.address_key, link.tell)
        for line in not_listening(door):
            say(line)
        if (prints_links(self.loaded) or tracks(self.loaded)) and not self.settings.public_url:
            say(f"links in messages begin with {self.url}: set ORCHESTRATOR_PUBLIC_URL to what recipients can reach")
        return edge(
            link.submit,
            catalogue.validate,
            self.settings.keys,
            now=wall,
            ready=self._ready,
            things=catalogue.things,
            pages=[*self._pages(catalogue), *receipt_routes(door)],
            behind=lambda: [*stands_in(self.state), *self.counts.readings(), *door.counts.readings(), *link.readings()],
            tracing=dispatcher.tracing,
            refuse=rejects.put,
        )

    def _pages(self, catalogue: Catalogue) -> list[Route]:
        """What recipients are led to: surveys, their choices, and tracked links."""
        policies, shop, link = self.loaded.program.policies, shop_of(self.loaded.senders), self.link
        known, listed = known_in(self.state), listed_in(self.state, self.settings.address_key)
        surveys = SurveyDoor(self.loaded.surveys, self.link_keys, link.submit, catalogue.validate, wall, self._ready)
        choices = ChoiceDoor(
            policies, self.link_keys, link.submit, link.say, wall, known, self._ready, shop=shop, listed=listed
        )
        clicks = ClickDoor(self.link_keys, link.receive, wall, self._ready)
        return [*survey_routes(surveys), *choice_routes(choices), *click_routes(clicks)]

    def _ready(self) -> bool:
        return self.link.ready


async def _serve(server: Server, link: EngineLink, dispatcher: Dispatcher, sockets: Sequence[socket.socket]) -> bool:
    """Serve until told to stop or until the engine is gone, and end; says whether it was gone."""
    told = told_to_stop()
    reading = asyncio.create_task(link.run(dispatcher.dispatch))
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
