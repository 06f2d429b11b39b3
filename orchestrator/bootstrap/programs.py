"""The programs that this process knows, each compiled once: its first one, what is live in a partition, what was published."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from orchestrator.authoring import Workspace, load_snapshot
from orchestrator.bootstrap.links import tracking_of
from orchestrator.delivery.links import PageLinks
from orchestrator.delivery.render import Renderer
from orchestrator.errors import OrchestratorError
from orchestrator.intake.catalogue import Catalogue

AGAIN_S = 1.0
"""Before the content of a program that is awaited is looked for again."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program with all that reading its events and rendering its messages need. `content` is what the store keeps of it."""

    workspace: Workspace
    content: bytes
    catalogue: Catalogue
    renderer: Renderer


class Programs:
    """`find` gives what was published under a name, if anything; `admit` raises where this process lacks settings for it."""

    def __init__(
        self, links: PageLinks, find: Callable[[str], Awaitable[bytes | None]], admit: Callable[[Workspace], None]
    ) -> None:
        self._links, self._find, self._admit = links, find, admit
        self._known: dict[str, Compiled] = {}
        self._one_at_a_time = asyncio.Lock()
        self._awaited: dict[str, asyncio.Task[None]] = {}
        self._lacks: dict[str, str] = {}

    def put(self, workspace: Workspace, content: bytes) -> Compiled:
        """Know a program that is compiled already."""
        catalogue = Catalogue(workspace.program.events)
        tracking = tracking_of(workspace, self._links.surveys)
        urls = self._links.surveys.url, self._links.choices.of
        renderer = Renderer(workspace.templates, workspace.senders, *urls, tracking)
        return self._known.setdefault(workspace.program.name, Compiled(workspace, content, catalogue, renderer))

    def known(self, name: str) -> Compiled:
        """A program that is not lacking."""
        return self._known[name]

    async def load(self, name: str, content: bytes) -> Compiled:
        """Compile it, beside the loop; OrchestratorError where that cannot be done here."""
        async with self._one_at_a_time:
            if name not in self._known:
                workspace = await asyncio.to_thread(load_snapshot, content)
                if workspace.program.name != name:
                    message = f"its content is that of {workspace.program.name}"
                    raise OrchestratorError(message)
                self._admit(workspace)
                self.put(workspace, content)
        return self._known[name]

    def lacks(self, name: str) -> bool:
        """Whether it is not here yet; then it is looked for from now on."""
        if name in self._known:
            return False
        if name not in self._awaited:
            self._lacks[name] = f"program {name} is being fetched"
            self._awaited[name] = asyncio.create_task(self._fetch(name))
        return True

    def awaited(self) -> list[str]:
        """What keeps partitions from a program that was published."""
        return sorted(self._lacks.values())

    async def _fetch(self, name: str) -> None:
        """Look again until it is here."""
        tried: bytes | None = None
        while name not in self._known:
            content = await self._found(name)
            if content is not None and content != tried:
                tried = content
                try:
                    await self.load(name, content)
                except Exception as error:  # noqa: BLE001 - whatever is wrong with it, its partitions wait and say why
                    told = " ".join(str(error).split()) or repr(error)
                    self._say(name, f"it cannot be used here ({told}): publish that workspace again, or mend this worker")
            if name not in self._known:
                await asyncio.sleep(AGAIN_S)
        del self._awaited[name], self._lacks[name]

    async def _found(self, name: str) -> bytes | None:
        try:
            content = await self._find(name)
        except OrchestratorError as error:
            self._say(name, str(error))
            return None
        if content is None:
            self._say(name, "nobody has published its content: publish that workspace again")
        return content

    def _say(self, name: str, why: str) -> None:
        told = f"program {name}: {why}"
        if self._lacks[name] != told:
            self._lacks[name] = told
            _log.warning("partitions wait at %s", told)
