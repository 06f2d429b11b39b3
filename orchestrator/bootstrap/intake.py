"""The wiring of `intake`: the HTTP door of `serve` with the inputs topic behind it, and no engine."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from starlette.applications import Starlette

from orchestrator.authoring import Workspace, load_workspace
from orchestrator.bootstrap.door import own_url, require_survey_key, told_to_stop, wall, without_address_key
from orchestrator.bootstrap.pages import shop_of
from orchestrator.bootstrap.receipts import receipt_door
from orchestrator.config import Settings, traces_wanted
from orchestrator.domain.suppression import Word
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.choices import ChoiceDoor, choice_routes
from orchestrator.intake.clicks import ClickDoor, click_routes
from orchestrator.intake.edge import edge
from orchestrator.intake.receipts import receipt_routes
from orchestrator.intake.server import Server
from orchestrator.intake.surveys import SurveyDoor, survey_routes
from orchestrator.logs import say
from orchestrator.stores.kafka.addresses import Inputs, put_words
from orchestrator.stores.kafka.entrance import Entrance
from orchestrator.stores.kafka.limits import CLOSE_S
from orchestrator.stores.kafka.rejects import Rejects
from orchestrator.stores.kafka.topics import DeploymentTopics, examine
from orchestrator.tracing import Tracing


@dataclass(frozen=True, slots=True)
class Intake:
    """What an intake is told on its command line."""

    workspace: Path
    brokers: str
    topic: str
    development: bool
    name: str = ""
    """Of the deployment, whose address list it writes to, and to whose topic it tells what it refuses."""


async def run_intake(intake: Intake, settings: Settings, sockets: Sequence[socket.socket]) -> None:
    """Accept events until told to stop. StoreError where the cluster's settings would lose data."""
    loaded = load_workspace(intake.workspace)
    require_survey_key(loaded, settings)
    without_address_key(settings)
    partitions = await examine(intake.brokers, intake.topic, development=intake.development)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of every try; the entrance tells what they come to
    addresses = DeploymentTopics.of(intake.name).addresses
    put = partial(put_words, intake.brokers, addresses, settings.address_key, inputs=Inputs(intake.topic, partitions))
    entrance = Entrance(intake.brokers, intake.topic, partitions, put)
    rejects = Rejects(intake.brokers, intake.name, partitions)
    tracing = Tracing("intake") if traces_wanted() else None
    await _serve(Server(_app(loaded, settings, entrance, rejects, tracing)), entrance, rejects, sockets)
    if tracing is not None:
        await asyncio.to_thread(tracing.close)


def _app(loaded: Workspace, settings: Settings, entrance: Entrance, rejects: Rejects, tracing: Tracing | None) -> Starlette:
    catalogue = Catalogue(loaded.program.events)
    surveys = SurveyDoor(loaded.surveys, lambda: (settings.survey_key,), entrance.submit, catalogue.validate, wall)
    door = receipt_door(
        settings, loaded, settings.public_url, entrance.receive, entrance.say, lambda: settings.address_key, entrance.tell
    )
    policies, keys = loaded.program.policies, (settings.survey_key,) if settings.survey_key else ()
    listed, shop = entrance.say if settings.address_key else _unlisted, shop_of(loaded.senders)
    choices = ChoiceDoor(policies, lambda: keys, entrance.submit, listed, wall, shop=shop)
    clicks = ClickDoor(lambda: keys, entrance.receive, wall)
    return edge(
        entrance.submit,
        catalogue.validate,
        settings.keys,
        now=wall,
        ready=lambda: entrance.ready,
        things=catalogue.things,
        pages=[
            *(survey_routes(surveys) if loaded.surveys else ()),
            *choice_routes(choices),
            *receipt_routes(door),
            *click_routes(clicks),
        ],
        behind=lambda: [*entrance.readings(), *door.counts.readings()],
        tracing=tracing,
        refuse=rejects.put,
    )


async def _unlisted(words: Sequence[Word]) -> list[bool]:
    """Without a key there is no list: then only consents change."""
    return [False] * len(words)


async def _serve(server: Server, entrance: Entrance, rejects: Rejects, sockets: Sequence[socket.socket]) -> None:
    """Serve until told to stop; then answer what is under way."""
    told = told_to_stop()
    producing, telling = asyncio.create_task(entrance.run()), asyncio.create_task(rejects.run())
    serving = asyncio.create_task(server.serve(list(sockets)))
    announcing = asyncio.create_task(_announce(server, entrance, sockets[0]))
    stopping = asyncio.create_task(told.wait())
    await asyncio.wait({producing, serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.stop()
    await serving
    await entrance.finish(CLOSE_S)
    for task in (announcing, stopping, producing, telling):
        task.cancel()
    await asyncio.gather(announcing, stopping, producing, telling, return_exceptions=True)


async def _announce(server: Server, entrance: Entrance, listening: socket.socket) -> None:
    """Say where it listens, once it does and the brokers have answered."""
    await server.up.wait()
    await entrance.opened()
    say(f"listening on {own_url(listening)}")
