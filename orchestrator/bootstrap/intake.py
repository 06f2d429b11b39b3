"""The wiring of `intake`: the HTTP door of `serve` with the inputs topic behind it, and no engine."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from orchestrator.authoring import Workspace, load_workspace
from orchestrator.bootstrap.door import own_url, require_survey_key, say, told_to_stop, wall
from orchestrator.config import Settings
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.edge import edge
from orchestrator.intake.server import ANSWER_S, Server
from orchestrator.intake.surveys import SurveyDoor, survey_routes
from orchestrator.stores.kafka.entrance import Entrance
from orchestrator.stores.kafka.topics import examine


@dataclass(frozen=True, slots=True)
class Intake:
    """What an intake is told on its command line."""

    workspace: Path
    brokers: str
    topic: str
    development: bool


async def run_intake(intake: Intake, settings: Settings, sockets: Sequence[socket.socket]) -> None:
    """Accept events until told to stop. StoreError where the cluster's settings would lose data."""
    loaded = load_workspace(intake.workspace)
    require_survey_key(loaded, settings)
    partitions = await examine(intake.brokers, intake.topic, development=intake.development)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of every try; the entrance tells what they come to
    entrance = Entrance(intake.brokers, intake.topic, partitions)
    await _serve(Server(_app(loaded, settings, entrance)), entrance, sockets)


def _app(loaded: Workspace, settings: Settings, entrance: Entrance) -> Starlette:
    catalogue = Catalogue(loaded.program.events)
    surveys = SurveyDoor(loaded.surveys, lambda: (settings.survey_key,), entrance.submit, catalogue.validate, wall)
    return edge(
        entrance.submit,
        catalogue.validate,
        settings.keys,
        now=wall,
        ready=lambda: entrance.ready,
        things=catalogue.things,
        pages=survey_routes(surveys) if loaded.surveys else (),
        behind=entrance.readings,
    )


async def _serve(server: Server, entrance: Entrance, sockets: Sequence[socket.socket]) -> None:
    """Serve until told to stop; then answer what is under way."""
    told = told_to_stop()
    producing = asyncio.create_task(entrance.run())
    serving = asyncio.create_task(server.serve(list(sockets)))
    announcing = asyncio.create_task(_announce(server, entrance, sockets[0]))
    stopping = asyncio.create_task(told.wait())
    await asyncio.wait({producing, serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    server.stop()
    await serving
    await entrance.finish(ANSWER_S)
    for task in (announcing, stopping, producing):
        task.cancel()
    await asyncio.gather(announcing, stopping, producing, return_exceptions=True)


async def _announce(server: Server, entrance: Entrance, listening: socket.socket) -> None:
    """Say where it listens, once it does and the brokers have answered."""
    await server.up.wait()
    await entrance.opened()
    say(f"listening on {own_url(listening)}")
