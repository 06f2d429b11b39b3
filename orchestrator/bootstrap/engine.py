"""The engine process of `serve`, which the edge starts.

    python -m orchestrator.bootstrap.engine WORKSPACE STATE SOCKET PUBLISHER

It has no command line, door or provider to import: it is ready as soon as the workspace is compiled and the store is open.
"""

from __future__ import annotations

import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from pathlib import Path

from orchestrator.authoring import load_snapshot, load_workspace, snapshot
from orchestrator.bootstrap.addresses import address_key, senders_of
from orchestrator.bootstrap.rails import open_volume, senders_by_template
from orchestrator.config import log_form, read_settings, traces_wanted
from orchestrator.delivery.breaker import BREAKERS, open_in
from orchestrator.delivery.governor import Governor
from orchestrator.delivery.limits import ASKED_AGAIN
from orchestrator.delivery.volume import Volume
from orchestrator.domain.campaign import Steps
from orchestrator.domain.program import Program
from orchestrator.errors import OrchestratorError
from orchestrator.logs import begin
from orchestrator.metrics import PERMITS, Counts, Reading
from orchestrator.partition.addresses import AddressList
from orchestrator.partition.engine import Elsewhere, Engine
from orchestrator.partition.frames import Failed, packed
from orchestrator.partition.host import Host
from orchestrator.partition.live import Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Permits, Store
from orchestrator.partition.standing import STANDING, Standing, standing_of
from orchestrator.partition.traces import Traces
from orchestrator.stores.lock import only_writer
from orchestrator.stores.sqlite import SqliteFile
from orchestrator.tracing import Tracing

SURVEY_KEY = "survey key"
"""The name under which a file keeps it."""
SURVEY_KEY_BYTES = 32


def open_live(
    file: SqliteFile,
    workspace: Path,
    program: Program,
    now: int,
    addresses: AddressList | None = None,
    volume: Volume | None = None,
    by: str = "",
    senders: Mapping[str, str] | None = None,
) -> Live:
    """The engine on this file with that program, which goes live where it is not yet. `senders` are its templates'."""

    def earlier(name: str) -> Program:
        return load_snapshot(file.program(name)).program

    settings, coming = read_settings(), Coming(program, partial(snapshot, workspace), earlier, by)
    volume = volume or Volume()
    permits = Governor(rates=dict(settings.rates), volume=volume, adapters=settings.adapters, senders=senders or {})
    permits.open = open_in(file.fact(BREAKERS), now)
    store, providers = file.partition(0), settings.adapters
    live = live_on(store, coming, now, permits, addresses=addresses, providers=providers, counts=file.counts)
    live.accounts = permits
    return live


@dataclass(frozen=True, slots=True)
class Coming:
    """A program that is to be live. `content` is its workspace as the store keeps it, `earlier` finds one that was live."""

    program: Program
    content: Callable[[], bytes]
    earlier: Callable[[str], Program]
    by: str = ""
    """Who lets it go live."""

    def after(self, before: Standing, now: int) -> tuple[Program, Standing]:
        """(the program in its surroundings, what the store knows of it)

        People in flight on an earlier program keep its steps, also where another campaign has the same ones now. A campaign's
        `without` that is new fires for later crossings only.
        """
        standing = before.followed_by(self.program, version("orchestrator"), now)
        return replace(self.program, pinned=_pinned(self.earlier, standing), live_since=standing.live_since), standing


def live_on(
    store: Store,
    coming: Coming,
    now: int,
    permits: Permits,
    elsewhere: Elsewhere | None = None,
    addresses: AddressList | None = None,
    providers: Mapping[str, str] | None = None,
    counts: Counts | None = None,
) -> Live:
    """An engine of one partition with that program, which goes live where it is not yet."""
    program, standing = coming.after(standing_of(store.fact(STANDING)), now)
    outbox = Outbox()
    around = Surroundings(program, permits, outbox, addresses=addresses, providers=providers or {})
    live = Live(Engine([store], around, elsewhere=elsewhere), outbox, counts=counts)
    live.go_live(program, standing, coming.content, coming.by)
    return live


def go_live(live: Live, coming: Coming, now: int) -> None:
    """Let a program go live while the engine works."""
    live.go_live(*coming.after(live.standing, now), coming.content, coming.by)


def _pinned(earlier: Callable[[str], Program], standing: Standing) -> dict[str, Steps]:
    """Steps of earlier programs that someone may be on, by version. Only these programs are compiled."""
    found: dict[str, Steps] = {}
    for name in standing.earlier():
        campaigns = earlier(name).campaigns.values()
        found |= {c.steps.version: c.steps for c in campaigns if standing.steps.get(c.steps.version) == name}
    return found


def run_engine(workspace: Path, state: Path, edge: socket.socket, by: str = "") -> None:
    """Open the store, go live, and work until the edge hangs up; one that has by then changes nothing."""
    loaded = load_workspace(workspace)
    with only_writer(state):
        if _hung_up(edge):
            return
        file = SqliteFile(state)
        settings, listed = read_settings(), file.partition(0).listed
        key = address_key(file, settings.address_key)
        addresses = AddressList(key, listed, senders_of(loaded), reaches=settings.reaches)
        volume = open_volume(file, loaded, by)
        now, senders = time.time_ns() // 1_000_000, senders_by_template(loaded)
        live = open_live(file, workspace, loaded.program, now, addresses, volume, by, senders)
        tracing = Tracing("engine") if traces_wanted() else None
        live.traces = Traces(tracing) if tracing is not None else None
        live.engine.ask_again(file.in_doubt(ASKED_AGAIN))
        Host(live, edge, survey_key(file, live.engine), addresses.key, file.orders, partial(_stands, live)).run()
        file.close()
    if tracing is not None:
        tracing.close()


def _stands(live: Live) -> list[Reading]:
    """What the page of metrics says of leave to send."""
    return [Reading(PERMITS, live.accounts.granted)] if isinstance(live.accounts, Governor) else []


def survey_key(file: SqliteFile, engine: Engine) -> bytes:
    """The file's own key for the links of surveys: drawn once, and durable before anything is signed with it."""
    known = file.fact(SURVEY_KEY)
    if known is not None:
        return known
    drawn = secrets.token_bytes(SURVEY_KEY_BYTES)
    engine.note_fact(SURVEY_KEY, drawn)
    engine.commit()
    return drawn


def _hung_up(edge: socket.socket) -> bool:
    try:
        return not edge.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False


def main() -> None:
    """Run the engine. Signals to the whole group are the edge's to hear, and what a person can mend is the edge's to tell."""
    for heard in (signal.SIGINT, signal.SIGTERM):
        signal.signal(heard, signal.SIG_IGN)
    workspace, state, number, by = sys.argv[1:]
    begin(log_form())
    with socket.socket(fileno=int(number)) as edge:
        try:
            run_engine(Path(workspace), Path(state), edge, by)
        except OrchestratorError as error:
            with suppress(OSError):
                edge.sendall(packed(Failed(str(error))))
            sys.exit(1)


if __name__ == "__main__":
    main()
