"""Messages with links, made up by a seed, rendered as workers do and followed at a door as people and machines do."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

import httpx
from starlette.applications import Starlette

from orchestrator.delivery.render import Renderer
from orchestrator.delivery.tracking import Tracking, hosts_of
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.policies import Links
from orchestrator.domain.template import Source, Template
from orchestrator.intake.clicks import ClickDoor, click_routes
from orchestrator.partition.identities import Addressed
from tests.simulation.violation import ViolationError, require
from tests.simulation.world import SimulationError

KEY, DOOR = b"k" * 32, "https://go.shop.example"
OURS = ["https://shop.example/cart", "https://shop.example/a?x=1&y=2", "https://shop.example/?utm_source=ours#top"]
OTHERS = ["https://{{ name }}.example/x", f"{DOOR}/u/abc", "https://shop.example{{ name }}/", "mailto:us@shop.example"]
NAMES = ["Ada", "https://evil.example/", "https://shop.example.evil.example/a"]
PEOPLE = ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"]
MACHINES = ["Barracuda Sentinel", "curl/8.0", ""]
UTM = {"source": "shop", "content": "spring"}


class _Hrefs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name == "href" and tag == "a"]


@dataclass(frozen=True, slots=True)
class Followed:
    """How often links were led on, and how many of them by machines."""

    people: int
    machines: int


@dataclass
class LinkWorld:
    """Two messages of one workspace, to different people."""

    seed: int
    heard: list[Addressed] = field(default_factory=list)

    def run(self) -> Followed:
        """Raises SimulationError."""
        self.rng = random.Random(self.seed)
        self.written = [self.rng.choice([*OURS, *OURS, *OTHERS]) for _ in range(self.rng.randrange(1, 5))]
        try:
            return asyncio.run(self._run())
        except ViolationError as violation:
            raise SimulationError(self.seed, violation, self.written) from violation

    async def _run(self) -> Followed:
        template = _template(self.written)
        utm = UTM if self.rng.random() < 0.5 else {}
        tracking = Tracking(Links(track=True, utm=utm), hosts_of([template]), DOOR, lambda: (KEY,))
        plain, tracked = Renderer({"t": template}, {}), Renderer({"t": template}, {}, tracking=tracking)
        door = ClickDoor(lambda: (KEY,), self._receive, lambda: 1_000)
        transport = httpx.ASGITransport(Starlette(routes=click_routes(door)))
        async with httpx.AsyncClient(transport=transport, base_url=DOOR, headers={"user-agent": ""}) as client:
            for number in range(2):
                outgoing = self._outgoing(number)
                before, after = plain.render(outgoing), tracked.render(outgoing)
                urls, links = (_links(one.body_html, one.body_text) for one in (before, after))
                require(len(urls) == len(links), "L1", urls, "became", links)
                for url, link in zip(urls, links, strict=True):
                    await self._follow(client, outgoing, url, link, utm)
        machines = sum(one.receipt.machine for one in self.heard)
        return Followed(len(self.heard) - machines, machines)

    def _outgoing(self, number: int) -> Outgoing:
        context = {"name": self.rng.choice(NAMES)}
        return Outgoing(
            f"{number + 1:024x}", 7 + number, "spring", "t", "email", "a@b.example", "en", 0, context, home=number + 1
        )

    async def _follow(self, client: httpx.AsyncClient, outgoing: Outgoing, url: str, link: str, utm: dict[str, str]) -> None:
        if url not in OURS:
            require(link == url, "L1", url, "was not written by the workspace, and became", link)
            return
        require(link.startswith(f"{DOOR}/l/"), "L1", url, "does not lead over the door:", link)
        machine = self.rng.random() < 0.4
        agent = self.rng.choice(MACHINES if machine else PEOPLE)
        self.heard, before = [], self.heard
        answer = await client.get(link, headers={"user-agent": agent})
        require(answer.status_code == 302, "L1", url, "leads nowhere:", answer.status_code)
        require(_leads(answer.headers["location"], url, utm), "L1", url, "leads to", answer.headers["location"])
        told = [(one.home, one.key, one.receipt.message_id, one.receipt.machine) for one in self.heard]
        expected = [(outgoing.home, outgoing.key, outgoing.message_id, machine)]
        require(told == expected, "L2", "told is", told, "instead of", expected)
        at = self.rng.randrange(len(f"{DOOR}/l/"), len(link) - 1)  # of the last letter not every bit counts
        forged = f"{link[:at]}{'A' if link[at] != 'A' else 'B'}{link[at + 1 :]}"
        answer = await client.get(forged, headers={"user-agent": agent})
        require(answer.status_code == 404, "L2", forged, "leads on to", answer.headers.get("location"))
        require(len(self.heard) == 1, "L2", forged, "was told as a click")
        self.heard = [*before, *self.heard]

    async def _receive(self, heard: Sequence[Addressed]) -> None:
        self.heard += heard


def _template(written: Sequence[str]) -> Template:
    page = "".join(f'<p><a class="b" href="{escape(url)}">{{{{ name }}}}</a></p>' for url in written)
    text = "".join(f"Hi {{{{ name }}}}: ({url}). " for url in written)
    sources = {"subject": Source("x", "f"), "html": Source(page, "f"), "text": Source(text, "f")}
    return Template("t", None, {}, {"": sources})


def _links(page: str, text: str) -> list[str]:
    """Links of the page, then what stands between the brackets of the text."""
    hrefs = _Hrefs()
    hrefs.feed(page)
    return [*hrefs.found, *re.findall(r"\((\S+)\)\.", text)]


def _leads(to: str, url: str, utm: dict[str, str]) -> bool:
    """The same address, with what is added behind what it has, in whatever order that stands."""
    asked, given = urlsplit(url), urlsplit(to)
    own = parse_qsl(asked.query)
    names = {name for name, _ in own}
    added = {"medium": "email", "campaign": "spring", **utm} if utm else {}
    more = {(f"utm_{name}", value) for name, value in added.items() if f"utm_{name}" not in names}
    query = parse_qsl(given.query)
    same = asked._replace(query="") == given._replace(query="")
    return same and query[: len(own)] == own and set(query[len(own) :]) == more and len(query) == len(own) + len(more)
