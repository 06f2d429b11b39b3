"""The only wiring: which store, which engine, which adapters."""

from __future__ import annotations

import asyncio
import fcntl
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import IO, Literal

import aiohttp
import uvicorn
from starlette.applications import Starlette

from orchestrator.authoring import load_snapshot, load_workspace, snapshot
from orchestrator.config import Settings, read_settings
from orchestrator.delivery.channel import Channel
from orchestrator.delivery.dispatch import Dispatcher
from orchestrator.delivery.governor import Governor
from orchestrator.delivery.render import Renderer
from orchestrator.domain.program import Program
from orchestrator.errors import StoreError, UsageError
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.edge import edge
from orchestrator.intake.link import EngineLink
from orchestrator.partition.engine import Engine
from orchestrator.partition.host import Host
from orchestrator.partition.live import Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Store, Stored
from orchestrator.stores.memory import MemoryFile
from orchestrator.stores.sqlite import SqliteFile

StoreKind = Literal["memory", "sqlite"]
_LOCK_WAIT_S = 30.0
_LOCK_LOOK_S = 0.05


@dataclass(frozen=True, slots=True)
class OpenStore:
    """A store opened for one engine: its partitions, and a look at every profile."""

    partitions: Sequence[Store]
    every_profile: Callable[[], Iterable[tuple[int, Stored]]]
    file: MemoryFile | SqliteFile


@contextmanager
def open_store(kind: StoreKind, partitions: int, state: Path | None = None) -> Iterator[OpenStore]:
    """Open a store; an SQLite one without a state file lives in a folder that goes when this ends."""
    if kind == "memory":
        if state is not None:
            message = "--state keeps an SQLite file; leave --store out or say `--store sqlite`"
            raise UsageError(message)
        memory = MemoryFile(keep_journal=False)
        yield OpenStore([memory.partition(number) for number in range(partitions)], memory.every_profile, memory)
        return
    with tempfile.TemporaryDirectory(prefix="orchestrator-") as folder:
        path = state or Path(folder) / "state.sqlite"
        with only_writer(path):
            file = SqliteFile(path, partitions=partitions, synchronous="FULL" if state is not None else "OFF")
            try:
                yield OpenStore([file.partition(number) for number in range(partitions)], file.every_profile, file)
            finally:
                file.close()


@contextmanager
def only_writer(state: Path, wait_s: float = _LOCK_WAIT_S) -> Iterator[None]:
    """Hold the state file's lock: two engines on one file would decide twice. Waits for one that is just ending."""
    lock = state.with_name(state.name + ".lock")
    try:
        opened = lock.open("w")
    except OSError as error:
        message = f"{lock}: cannot be written ({error.strerror}); name a state file in a folder that can be"
        raise StoreError(message) from error
    with opened:
        _wait_for(opened, state, wait_s)
        yield


def _wait_for(opened: IO[str], state: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                message = f"{state}: another engine is writing it; stop that one first, or name another file"
                raise StoreError(message) from None
            time.sleep(_LOCK_LOOK_S)
        else:
            return


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


def build_channel(name: str, settings: dict[str, str], session: aiohttp.ClientSession) -> Channel:
    """Make a channel; UsageError says which setting is missing."""
    try:
        return adapter(name)(settings, session)
    except (KeyError, ValueError) as error:
        message = f"channel adapter {name}: {error}; set ORCHESTRATOR_{name.upper()}_<SETTING>"
        raise UsageError(message) from error


def go_live(file: SqliteFile, workspace: Path, now: int) -> tuple[Program, bool]:
    """Make the workspace's program the live one of this file; says whether it is a new one.

    People in flight on an earlier program keep its steps; a campaign's `without` that is new fires for later crossings only.
    """
    program = load_workspace(workspace).program
    known = file.programs()
    fresh = not known or known[-1][0] != program.name
    if fresh:
        file.activate(program.name, snapshot(workspace), now)
    earlier = [(since, load_snapshot(content).program) for _, since, content in known]
    pinned = {steps.version: steps for _, old in earlier for steps in (c.steps for c in old.campaigns.values())}
    since = _live_since([*earlier, (now, program)] if fresh else earlier)
    return replace(program, pinned=pinned, live_since=since), fresh


def _live_since(programs: Sequence[tuple[int, Program]]) -> dict[str, int]:
    """Since when each `without` pattern of the last program is live without a break; those of the first always were."""
    found: dict[str, int] = {}
    for number, (since, program) in enumerate(programs):
        patterns = program.index.by_without
        found = {ident: found.get(ident, since if number else -1) for ident in patterns}
    return found


def run_engine(workspace: Path, state: Path, edge: socket.socket) -> None:
    """The engine process: open the store, go live, and work until the edge hangs up; Ctrl-C is the edge's to hear."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with only_writer(state):
        file = SqliteFile(state)
        now = time.time_ns() // 1_000_000
        program, fresh = go_live(file, workspace, now)
        outbox = Outbox()
        engine = Engine([file.partition(0)], Surroundings(program, Governor(rates=dict(read_settings().rates)), outbox))
        if fresh:
            engine.activate(program)
            engine.commit()
        Host(Live(engine, outbox, visits=True), edge).run()
        file.close()


async def run_edge(workspace: Path, state: Path, host: str, port: int, outbox: Path) -> int:
    """The edge process: HTTP in, messages out, the engine beside it. Returns the exit code."""
    loaded = load_workspace(workspace)
    settings = read_settings()
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "orchestrator", "engine", str(workspace), "--state", str(state)]
    state.parent.mkdir(parents=True, exist_ok=True)
    engine = subprocess.Popen([*command, "--socket", str(theirs.fileno())], pass_fds=[theirs.fileno()])  # noqa: S603, ASYNC220 - our own program, before the loop is busy
    theirs.close()
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        channels = {name: _channel(settings, adapter, outbox, session) for name, adapter in settings.adapters.items()}
        reader, writer = await asyncio.open_unix_connection(sock=ours)
        renderer = Renderer(loaded.templates, loaded.senders)
        dispatcher = Dispatcher(channels, renderer.render, lambda key, outcome: link.answer(key, outcome))  # noqa: PLW0108 - they need each other
        link = EngineLink(reader, writer, dispatcher.dispatch)
        app = edge(link.submit, Catalogue(loaded.program.events).validate, settings.keys, now=_wall, ready=lambda: link.ready)
        code = await _serve(app, link, dispatcher, host, port)
    await asyncio.to_thread(engine.wait)
    return code or engine.returncode


class _Server(uvicorn.Server):
    """Leaves signals to us: uvicorn's own handling would end the process before messages under way are settled."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


async def _serve(app: Starlette, link: EngineLink, dispatcher: Dispatcher, host: str, port: int) -> int:
    """Serve until told to stop or until the engine is gone; then let what is under way finish."""
    server = _Server(uvicorn.Config(app, host=host, port=port, log_level="warning", access_log=False, lifespan="off"))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    reading = asyncio.create_task(link.run())
    serving = asyncio.create_task(server.serve())
    announcing = asyncio.create_task(_announce(server, link, host))
    await asyncio.wait({reading, serving}, return_when=asyncio.FIRST_COMPLETED)
    died = reading.done()
    server.should_exit = True
    await serving
    announcing.cancel()
    await dispatcher.finish()
    link.close()
    await reading
    return 1 if died else 0


async def _announce(server: uvicorn.Server, link: EngineLink, host: str) -> None:
    """Say where it listens, once it does and the engine is ready."""
    while not (server.started and link.ready):  # noqa: ASYNC110 - uvicorn offers a flag, no event
        await asyncio.sleep(_LOCK_LOOK_S)
    port = server.servers[0].sockets[0].getsockname()[1]
    print(f"listening on http://{host}:{port}", file=sys.stderr, flush=True)  # noqa: T201 - the command line's own voice


def _channel(settings: Settings, name: str, outbox: Path, session: aiohttp.ClientSession) -> Channel:
    given = dict(settings.adapter_settings[name])
    if name == "file":
        given.setdefault("folder", str(outbox))
    return build_channel(name, given, session)


def _wall() -> int:
    return time.time_ns() // 1_000_000
