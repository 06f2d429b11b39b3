"""The console in a real browser, beside a real `serve`: every page and every act, on a desk and on a phone, light and dark.

    python tests/console/browse.py [--out DIR]

Pictures of all pages are left in DIR. It ends with 1 where anything is wrong: a word of the browser's console, a request to the
outside, something that axe-core finds, a page that has to be moved sideways, an act that does not arrive. It wants Debian's
chromium, and npm once.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).parents[2]))

from orchestrator.domain.input import Control, Event, Outcome
from orchestrator.history import catch_up
from orchestrator.insight.accepted import given_of_partition
from orchestrator.partition.live import Answered
from orchestrator.stores.reader import open_reader
from tests.console.browser import DESKTOP, PHONE, Tab, browsing, chromium
from tests.console.house import console_on, is_wider, log_in, no_axe, violations
from tests.console.shop import LIBRARY, Shop, wall
from tests.console.test_pages import CORPUS, NASTY
from tests.integration.serving import Serve, identify, serving, track, until

LOOKS = tuple((size, dark) for size in (DESKTOP, PHONE) for dark in (False, True))
_LOOKS, _LOOK_S = 600, 0.5
WHY = "a drill, seen in a browser"


@dataclass(slots=True)
class Seen:
    """What was looked at, and what was wrong with it."""

    out: Path
    base: str
    pages: int = 0
    acts: int = 0
    wrong: list[str] = field(default_factory=list)

    def expect(self, good: object, words: str) -> None:
        """Note it where this is not so."""
        if not good:
            self.wrong.append(words)
            print(f"WRONG  {words}")


def paths(state: Path) -> dict[str, str]:
    """name → every page."""
    with open_reader(state) as reader:
        (doubt,) = [one for one in reader.doubts() if not one.ended]
        letter = reader.dead_letters(None, 1)[0][1].seq
    person, campaign, stop = "/customer?id=u:customer-1", "/campaign?name", "/switch?switch"
    found = {
        "wheel": "/",
        "wheel-today": "/?days=1",
        "campaign": f"{campaign}=cart-reminder",
        "campaign-branches": f"{campaign}=complaint-recovery",
        "nobody": "/customers?q=custmer-1",
        "customer": person,
        "why-not": f"{person}&campaign=birthday",
        "why": f"{person}&campaign=welcome",
        "naughty": "/customers?q=<script>",
        "messages-some": "/messages?campaign=welcome&state=accepted",
        "settle": f"/settle?id={doubt.raw}&message={doubt.id}&way=sent",
        "approve": "/approve?campaign=welcome",
        "letter": f"/letter?row={letter}",
        "redrive": f"/redrive?row={letter}",
        "stop": f"{stop}=kill&on=1",
        "resume": f"{stop}=pause&on=0&campaign=welcome",
        "end": "/end?id=u:customer-1",
    }
    measure = "/measure?name"
    found |= {
        "measures-apart": "/measures?by=stage&days=90",
        "measure": f"{measure}=nps",
        "measure-funnel": f"{measure}=conversion_rate&by=segment",
        "measure-cohorts": f"{measure}=repeat_rate&by=cohort",
        "measure-lift": f"{measure}=lift",
        "measure-stays": f"{measure}=time_in_stage",
        "measure-worth": f"{measure}=clv_predicted",
    }
    lists = "measures hour campaigns customers messages doubts approvals letters rejects engine audit"
    return found | {name: f"/{name}" for name in lists.split()}


async def look(tab: Tab, seen: Seen, pages: dict[str, str]) -> None:
    """Every page at every size, light and dark, in both languages."""
    for size, dark in LOOKS:
        language = "it" if dark else "en"
        await tab.look_like(size, dark=dark)
        await tab.go(f"{seen.base}/language/{language}")
        for name, path in pages.items():
            tab.said.clear()
            await tab.go(f"{seen.base}{path}")
            await worked_out(tab)
            look_ = f"{name}-{'phone' if size == PHONE else 'desk'}-{'dark' if dark else 'light'}"
            told = [one for one in tab.said if "404" not in one]
            seen.expect(not told, f"{look_}: the browser says {told}")
            found = await violations(tab)
            seen.expect(not found, f"{look_}: axe finds {found}")
            seen.expect(not await is_wider(tab), f"{look_}: wider than the screen")
            seen.expect(await tab.ask("document.querySelectorAll('h1').length") == 1, f"{look_}: not one heading")
            await tab.shot(seen.out / f"{look_}.png")
            seen.pages += 1
    await tab.go(f"{seen.base}/language/en")
    await tab.look_like(DESKTOP)


async def worked_out(tab: Tab) -> None:
    """Until nothing on the page is awaited any more: by itself, where scripts run."""
    for _ in range(_LOOKS):
        if not await tab.ask("!!document.querySelector('.working')"):
            break
        await asyncio.sleep(_LOOK_S)
    await tab.until("[...document.querySelectorAll('table[data-trend]')].every(one => one.dataset.drawn)")


async def without_scripts(tab: Tab, seen: Seen, pages: dict[str, str]) -> None:
    """The same words without a script, and a login, and an act."""
    texts = {}
    for name, path in pages.items():
        await tab.go(f"{seen.base}{path}")
        texts[name] = await tab.ask(_WORDS)
    await tab.scripts(on=False)
    for name, path in pages.items():
        await tab.go(f"{seen.base}{path}")
        words = await tab.ask(_WORDS)
        missing = [one for one in texts[name].split() if one not in words.split()]
        seen.expect(len(missing) <= len(texts[name].split()) // 20, f"{name}: without scripts there is no {missing[:9]}")
    await act(tab, seen, "/switch?switch=pause&on=1&channel=sms", lambda one: (one.switch, one.channel) == ("pause", "sms"))
    await act(tab, seen, "/switch?switch=pause&on=0&channel=sms", lambda one: (one.on, one.channel) == (False, "sms"))
    await tab.scripts(on=True)


_WORDS = "[...document.querySelectorAll('main :is(h1,h2,h3,p,td,th,li,dt,dd)')].map(one => one.textContent).join(' ')"


async def act(tab: Tab, seen: Seen, path: str, done: Callable[[Control], bool], **fields: str) -> None:
    """Send the form of that page, and wait until the engine has it in its journal, with who and why."""
    await tab.go(f"{seen.base}{path}")
    for name, value in fields.items():
        await tab.fill(f"[name={name}]", value)
    await tab.fill("#reason", WHY)
    await tab.press("form.act button[type=submit]")
    state = STATE[0]

    def arrived() -> bool:
        with open_reader(state) as reader:
            told = (given_of_partition(row.given) for row in reader.partition_rows())
            return any(isinstance(one, Control) and done(one) and (one.actor, one.reason) == ("olga", WHY) for one in told)

    await asyncio.to_thread(until, arrived, f"what {path} does")
    seen.acts += 1
    found = await violations(tab) if tab.scripting else []
    seen.expect(not found, f"after {path}: axe finds {found}")


STATE: list[Path] = []


async def acts(tab: Tab, seen: Seen, pages: dict[str, str]) -> None:
    """Each act, by its form."""
    await tab.go(f"{seen.base}/")
    await tab.press(".stop-all")
    await act(
        tab, seen, await tab.ask("location.pathname + location.search"), lambda one: (one.switch, one.on) == ("kill", True)
    )
    await tab.go(f"{seen.base}/engine")
    seen.expect(await tab.ask("!!document.querySelector('.alarm.stopped')"), "a stop is not seen")
    await tab.shot(seen.out / "stopped.png")
    await act(tab, seen, "/switch?switch=kill&on=0", lambda one: (one.switch, one.on) == ("kill", False))
    for what in ("", "&campaign=welcome", "&channel=email", "&profile=u:customer-1", "&provider=file"):
        for on in (1, 0):
            path = f"/switch?switch=pause&on={on}{what}"
            await act(tab, seen, path, lambda one, on=on: (one.switch, one.on) == ("pause", bool(on)))  # type: ignore[misc]
    await act(tab, seen, "/approve?campaign=welcome", lambda one: one.switch == "approve", up_to="500")
    await act(tab, seen, pages["settle"], lambda one: one.switch == "settle")
    await act(tab, seen, pages["redrive"], lambda one: one.switch == "redrive")
    await act(tab, seen, pages["end"], lambda one: one.switch == "end")
    await tab.go(f"{seen.base}/audit")
    await tab.shot(seen.out / "audit-after.png")
    seen.expect(WHY in await tab.ask("document.body.textContent"), "the reason is not seen")


async def live(tab: Tab, seen: Seen, serve: Serve) -> None:
    """A page that is open shows what happens, without being loaded again."""
    await tab.go(f"{seen.base}/")
    before = await tab.ask("document.querySelector('.page p').textContent")
    await tab.ask("window.same = true")
    news = [identify(f"live-{n}", f"newcomer-{n}") for n in range(7)]
    serve.post([*news, *(track(f"live-t{n}", f"newcomer-{n}", "Signed Up", source="footer") for n in range(7))])
    await tab.until(f"document.querySelector('.page p').textContent !== {json.dumps(before)}")
    seen.expect(await tab.ask("window.same"), "the page was loaded again")


async def viewer(tab: Tab, seen: Seen, pages: dict[str, str]) -> None:
    """Who may only look sees no way to act."""
    await tab.go(f"{seen.base}/")
    await tab.press(".me button[type=submit]")
    await log_in(tab, seen.base, "vito")
    for name, path in pages.items():
        await tab.go(f"{seen.base}{path}")
        ways = await tab.ask(_WAYS_TO_ACT)
        seen.expect(not ways, f"{name}: a viewer may act")


_WAYS_TO_ACT = 'document.querySelectorAll(\'a[href^="/switch"], a[href^="/end"], a[href^="/settle"], form.act\').length'


async def browse(program: str, seen: Seen, serve: Serve) -> None:
    """All of it."""
    pages = paths(STATE[0])
    async with browsing(program) as tab:
        await tab.look_like(PHONE, dark=True)
        await tab.go(f"{seen.base}/campaigns")
        seen.expect(not await violations(tab), "login: axe finds something")
        await tab.shot(seen.out / "login.png")
        await tab.look_like(DESKTOP)
        await log_in(tab, seen.base)
        await look(tab, seen, pages)
        await naughty(tab, seen)
        await without_scripts(tab, seen, {name: path for name, path in pages.items() if name != "hour"})
        await live(tab, seen, serve)
        await acts(tab, seen, pages)
        await viewer(tab, seen, {name: path for name, path in pages.items() if name not in ("settle", "redrive", "letter")})
        outside = [one for one in tab.asked if not one.startswith((seen.base, "data:"))]
        seen.expect(not outside, f"asked outside: {outside[:3]}")
        print(f"{len(tab.asked)} requests, none to the outside" if not outside else "")


async def naughty(tab: Tab, seen: Seen) -> None:
    """Customers of every name that the corpus has: nothing runs."""
    for text in strings():
        tab.said.clear()
        await tab.go(f"{seen.base}/customer?{urlencode({'id': f'u:{text}'})}")
        ran = await tab.ask("!!window.ran || document.querySelectorAll('main script, main img, main iframe').length")
        seen.expect(not ran and not tab.said, f"{text!r}: something ran, or {tab.said}")


def strings() -> list[str]:
    """Names that people would not give, and what they might if they meant harm."""
    found = json.loads(CORPUS.read_text(encoding="utf-8")) if CORPUS.exists() else []
    return [*NASTY, *(one for one in found if one.strip() and len(one) < 200 and "\0" not in one)]


def furnish(folder: Path) -> Path:
    """The state file that is looked at."""
    shop = Shop(folder, days=20)
    shop.lives(60)
    shop.poison()
    now = shop.now = wall()
    who = ((number, text, {"user_id": text, "received_at": now, "source": "shop"}) for number, text in enumerate(strings()))
    shop.turn(*(Event(f"s{n}", now, "identify", traits={"note": text, "first_name": text}, **given) for n, text, given in who))
    (found,) = doubted(shop)
    assert found
    catch_up(shop.state)
    shop.close()
    return shop.state


def doubted(shop: Shop) -> list[str]:
    """One message in doubt."""
    found = shop.live.turn([], (), shop.now, caught_up=True).outgoing
    shop.live.control(Control("pause", on=True, profile="u:in-doubt"))
    shop.turn(*shop.welcome("in-doubt"))
    shop.live.control(Control("pause", on=False, profile="u:in-doubt"))
    while not found:
        found = [one for one in shop.live.turn((), (), shop.now, caught_up=True).outgoing if one.person == "u:in-doubt"]
    outcome = Outcome(found[0].message_id, "in_doubt", detail="cut off")
    shop.live.turn((), [Answered(found[0].key, outcome)], shop.now, caught_up=True)
    return [found[0].message_id]


def main() -> int:
    """Look at everything; 1 where something is wrong."""
    given = ArgumentParser(description=__doc__)
    given.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "console-pages")
    out: Path = given.parse_args().out
    program = chromium()
    missing = "there is no chromium here (apt-get install chromium)" if program is None else no_axe()
    if program is None or missing:
        print(f"NOT LOOKED AT: {missing}")
        return 1
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="console-") as folder:
        STATE.append(furnish(Path(folder)))
        with serving(LIBRARY, STATE[0]) as serve, console_on(STATE[0]) as base:
            seen = Seen(out, base)
            asyncio.run(browse(program, seen, serve))
    print(f"{seen.pages} pages looked at, {seen.acts} acts, {len(seen.wrong)} wrong; pictures in {out}")
    return 1 if seen.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
