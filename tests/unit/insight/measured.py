"""Measures over events of one's own: a small workspace, a state file, its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from orchestrator.authoring import Workspace, load_workspace
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.virtual import VirtualWire
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.history import catch_up
from orchestrator.history.analytics import analytics
from orchestrator.insight.measures import Measured, Span, look_deeper, measure
from orchestrator.insight.measures.members import members_of
from orchestrator.intake.files import Accepted, read_events
from orchestrator.partition.engine import Engine
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.reader import open_reader
from orchestrator.stores.sqlite import SqliteFile

FILES = {
    "wheel.yaml": "start: new\nstages: [new, bought]\noutside: [lost]\ntransitions:\n"
    "  - {from: new, to: bought, on: {event: Order Completed}}\n"
    "  - {from: lost, to: bought, on: {event: Order Completed}, turn: true}\n"
    "  - {from: bought, to: lost, on: {without: Order Completed, for: 60d}}\n",
    "profile.yaml": "traits: {type: object, properties: {email: {type: string}}}\n"
    "features:\n  orders: {count: Order Completed}\n",
    "events/order-completed.yaml": "event: Order Completed\n",
    "policies.yaml": "topics: {news: {consent: assumed}}\n",
    "segments.yaml": 'regulars: {if: {">=": [{var: profile.features.orders}, 2]}}\n'
    'everybody: {if: {">=": [{var: profile.features.orders}, 0]}}\n',
    "senders.yaml": "{}\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    """A workspace of these files; a name without a dot is a measure's, told in all its fields but for name and definition."""
    for name, text in {**FILES, **files}.items():
        if "." not in name:
            name, text = f"measures/{name}.yaml", f"measure: {name}\ndefinition: {{en: What it is.}}\n{text}"  # noqa: PLW2901
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def event(name: str, keys: str = "", properties: str = "") -> str:
    """An event of the catalogue; a key is a property of its own name."""
    told = "".join(f"  {key}: properties.{key}\n" for key in keys.split())
    typed = "".join(f"    {one}: {{type: [string, number, boolean]}}\n" for one in f"{keys} {properties}".split())
    shape = f"properties:\n  type: object\n  properties:\n{typed}" if typed else ""
    return f"event: {name}\n" + (f"keys:\n{told}" if told else "") + shape


def decided(workspace: Workspace, events: Iterable[Event], state: Path, until: int | None = None) -> Path:
    """A state file in which these events were decided."""
    file = SqliteFile(state, synchronous="OFF")
    around = Surroundings(workspace.program, OpenGovernor(), VirtualWire(), Controls(addresses=False))
    engine = Engine([file.partition(0)], around)
    for number, one in enumerate(events):
        engine.feed(one, one.received_at)
        if number % 1000 == 999:
            engine.commit()
    engine.advance(engine.clock if until is None else until)
    engine.commit()
    file.close()
    catch_up(state)
    return state


@contextmanager
def opened(folder: Path, files: dict[str, str], events: Iterable[Event], until: int | None = None) -> Iterator[Any]:
    """(measures → results, the history) of these events."""
    workspace = load_workspace(write(folder / "workspace", files))
    state = decided(workspace, events, folder / "state.sqlite", until)
    with analytics(state) as history:

        def told(
            span: Span = Span(),  # noqa: B008
            by: str | None = None,
            only: tuple[str, ...] = (),
            *,
            deep: bool = False,
        ) -> dict[str, Measured]:
            chosen = [one for one in workspace.measures if not only or one.name in only]
            with open_reader(state) as reader:
                members = partial(members_of, workspace.program, reader.everybody(), history.clock)
                found = measure(chosen, history, workspace.program, span, by, members)
            for one in found.values() if deep else ():
                look_deeper(one, history, workspace.program, span)
            return found

        yield told


def from_file(path: Path, names: tuple[str, ...] = ()) -> Iterator[Event]:
    """Events of a file, of these names only where some are given."""
    for line in read_events([path]):
        if isinstance(line, Accepted) and (not names or line.event.name in names):
            yield line.event
