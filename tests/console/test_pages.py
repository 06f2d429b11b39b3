"""Every page, for everybody, in both languages; and whatever names hold, it is text on the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from importlib import resources
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

import pytest

from orchestrator.console.accounts import Role
from orchestrator.console.pages import PLACES
from orchestrator.console.pages.campaigns import is_silent
from orchestrator.domain.input import Event, Receipt
from orchestrator.history import CampaignDay, MessageFilter, catch_up, open_history
from orchestrator.stores.rejects import Rejects
from tests.console.shop import POISON, Shop, wall
from tests.console.visiting import Visitor

CORPUS = Path(__file__).parents[3] / "shared/corpora/naughty-strings/blns.json"
NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "</pre></textarea></title><svg onload=alert(1)>",
    "\u202egnp.exe",
    "a&amp;b&lt;",
    "${7*7}",
    "%0d%0aset-cookie: x=1",
    "-->",
)
_EVERY = 12
"""Of the corpus, so many are left out for each one that is taken here; `browse.py` takes all."""
_VOID = {"meta", "link", "input", "br", "img", "hr"}
_MAY_BE_OPEN = {"html", "body", "head", "p", "li", "option", "dt", "dd", "tr", "td", "th"}


class Page(HTMLParser):
    """Reads a page as a browser would, and says what it would run."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in self.open, f"</{tag}> closes nothing"
        while self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def runs(self) -> Iterator[str]:
        """Whatever would run here that we did not put here."""
        for tag, attributes in self.tags:
            yield from (f"{tag} {name}" for name in attributes if name.startswith("on") or name == "style")
            if tag in ("script", "iframe", "object", "embed", "base", "img", "style"):
                source = attributes.get("src") or ""
                if tag != "script" or not source.startswith("/static/"):
                    yield f"{tag} {source}"
            for name in ("href", "action", "hx-get"):
                link = attributes.get(name)
                if link is not None and not link.startswith(("/", "#", "data:,")):
                    yield f"{tag} {name}={link}"


def paths(shop: Shop) -> list[str]:
    """Every page, with what it needs."""
    campaign, letter = "cart-reminder", shop.file.connection.execute("select max(seq) from dead_letters").fetchone()[0]
    more = {
        "/customer": [f"?id=u:{POISON}", f"?id=u:customer-11&campaign={campaign}", "?id=u:customer-11&all=1"],
        "/customers": ["", "?q=custmer-1"],
        "/campaign": [f"?name={campaign}", "?name=complaint-recovery&days=1"],
        "/letter": [f"?row={letter}"],
        "/messages": ["", "?campaign=welcome&state=delivered&who=customer-11&first=2026-01-01&last=2099-01-01", "?who=nobody"],
        "/switch": ["?switch=kill&on=1", "?switch=kill&on=0", "?switch=pause&on=0", f"?switch=pause&on=1&profile=u:{POISON}"],
        "/approve": [f"?campaign={campaign}"],
        "/end": [f"?id=u:{POISON}"],
        "/redrive": [f"?row={letter}"],
        "/settle": [],
        "/measures": ["", "?by=campaign&days=90"],
        "/measure": ["?name=nps", "?name=conversion_rate&by=segment", "?name=repeat_rate", "?name=lift"],
        **{f"/{which}.{kind}": [] for which in ("measures", "measure") for kind in ("csv", "parquet")},
    }
    return [f"{place.path}{query}" for place in PLACES if not place.acts for query in more.get(place.path, [""])]


@pytest.fixture(scope="module")
def olga(shop: Shop) -> Visitor:
    catch_up(shop.state)
    return Visitor(shop).entered("olga", Role.operator)


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_page_can_be_read(shop: Shop, olga: Visitor, language: str) -> None:
    olga.get(f"/language/{language}")
    for path in paths(shop):
        answer = olga.get(path)
        page = Page(answer.text)
        assert answer.status_code in (200, 404 if "custmer" in path else 200), path
        assert page.all("html")[0]["lang"] == language, path
        assert list(page.runs()) == [], path
        assert [tag for tag in page.open if tag not in _MAY_BE_OPEN] == [], path
        assert "None" not in re.findall(r"\w+", page.text), path
    olga.get("/language/en")


def test_what_is_said_once_is_not_a_number_of_the_page(olga: Visitor) -> None:
    assert 'class="told"' not in olga.get("/rejects").text


def test_pages_are_whole_for_who_does_not_see_them(shop: Shop, olga: Visitor) -> None:
    for path in paths(shop):
        page = Page(olga.get(path).text)
        levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
        assert levels.count(1) == 1, path
        assert levels[0] == 1, path
        assert all(after - before <= 1 for before, after in pairwise(levels)), path
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), path
        pointed = {name for _, found in page.tags for name in str(found.get("aria-labelledby") or "").split()}
        assert pointed <= set(ids), path
        labelled = {found.get("for") for found in page.all("label")}
        fields = [one for tag in ("input", "select", "textarea") for one in page.all(tag) if one.get("type") != "hidden"]
        assert [one for one in fields if one.get("id") not in labelled and not one.get("aria-label")] == [], path


def test_the_wheel_counts_everybody_and_campaigns_what_the_history_counts(shop: Shop, olga: Visitor) -> None:
    with open_history(shop.state) as history:
        standing, counts = history.standing(), history.campaigns(campaign="welcome")
    total = shop.file.connection.execute("select count(*) from profiles").fetchone()[0]
    assert sum(standing.values()) == total
    assert f"{total} customers, now." in Page(olga.get("/").text).text
    sent = sum(one.n for one in counts if one.what == "sent")
    assert sent
    page = olga.get("/campaign?name=welcome").text
    assert f"<dd>{sent}</dd>" in page
    with open_history(shop.state) as history:
        under_way = sum(history.under_way("welcome").values())
    assert under_way
    assert f"<dt>runs under way now</dt><dd>{under_way}</dd>" in page


def test_a_customers_page_says_why_and_why_not(olga: Visitor) -> None:
    page = Page(olga.get(f"/customer?id=u:{POISON}").text).text
    assert "welcome: entered — triggered by Signed Up" in page
    assert "birthday" in page
    assert "no birthday is known" in page
    assert "could not be decided" in page or "dead letter" in page
    one = Page(olga.get(f"/customer?id=u:{POISON}&campaign=cart-reminder").text).text
    assert "no Cart Updated was seen" in one


def test_customers_are_found_by_whatever_is_known_of_them(shop: Shop, olga: Visitor) -> None:
    raw, address = shop.file.connection.execute("select raw, lower(hex(address)) from reached limit 1").fetchone()
    for text in ("customer-11", "customer-11@example.com", "CUSTOMER-11@Example.com"):
        assert olga.ask("GET", "/customers", params={"q": text}).headers["location"] == "/customer?id=u%3Acustomer-11", text
    found = olga.ask("GET", "/customers", params={"q": address})
    assert found.headers["location"] == f"/customer?id={quote(raw, safe='')}"
    assert "customer-1" in olga.ask("GET", "/customers", params={"q": "custmer-1"}).text


def test_what_names_hold_is_text_everywhere(empty: Shop) -> None:
    """In ids, traits, properties, reasons, and in everything that may be asked."""
    found = json.loads(CORPUS.read_text(encoding="utf-8")) if CORPUS.exists() else []
    strings = [*NASTY, *[one for one in found if one.strip() and len(one) < 200 and "\0" not in one][::_EVERY]]
    visitor = Visitor(empty).entered("olga", Role.operator)
    now = empty.now = wall()
    refused = Rejects(empty.state)
    refused.put(now, NASTY[0], [(text.encode("utf-8", "replace"), text) for text in strings])
    refused.close()
    assert list(Page(visitor.get("/rejects").text).runs()) == []
    assert NASTY[0] in Page(visitor.get("/rejects").text).text
    events = []
    for number, text in enumerate(strings):
        traits = {"email": f"{text}@example.com", "first_name": text, "note": text, text[:40] or "x": text}
        events.append(Event(f"n{number}", now, "identify", user_id=text, received_at=now, source="shop", traits=traits))
        events.append(
            Event(f"t{number}", now, name=text[:150], user_id=text, received_at=now, source="shop", properties={text: text})
        )
    empty.turn(*events)
    catch_up(empty.state)
    for text in strings:
        for path in ("/customer", "/end"):
            answer = visitor.ask("GET", path, params={"id": f"u:{text}"})
            assert answer.status_code == 200, text
            assert list(Page(answer.text).runs()) == [], text
        assert list(Page(visitor.ask("GET", "/customers", params={"q": f"{text} "}).text).runs()) == []
    names = (
        "q",
        "id",
        "name",
        "campaign",
        "state",
        "who",
        "first",
        "after",
        "row",
        "before",
        "below",
        "days",
        "switch",
        "message",
        "way",
        "last",
        "by",
        "mark",
    )
    for text in NASTY:
        for path in (place.path for place in PLACES if not place.acts):
            answer = visitor.ask("GET", path, params=dict.fromkeys(names, text))
            assert answer.status_code in (200, 303, 400, 404), (path, text)
            assert list(Page(answer.text).runs()) == [], (path, text)
        form = {"switch": "pause", "on": "1", "profile": f"u:{text}", "reason": f"{text} because"}
        assert visitor.act("/switch", form).status_code == 303, text
        page = visitor.get("/audit")
        assert list(Page(page.text).runs()) == [], text
    empty.turn()
    page = Page(visitor.get("/audit").text)
    assert list(page.runs()) == []
    assert all(" ".join(f"{text} because".split()) in page.text for text in NASTY)
    assert list(Page(visitor.get("/engine").text).runs()) == []


def test_a_customers_messages_are_all_there_and_each_leads_to_its_explanation(empty: Shop) -> None:
    visitor = Visitor(empty).entered("olga", Role.operator)
    empty.now = wall()
    empty.turn(empty.known("ada", email="ada@example.com"), empty.said("ada", "Signed Up", source="footer"))
    empty.turn(*empty.welcome("bea"))
    page = visitor.get("/customer?id=u:ada").text
    assert "suppressed</span> <small>there is no consent for newsletter by email" in page
    assert "accepted</span>" in visitor.get("/customer?id=u:bea").text
    (link,) = re.findall(r'href="([^"]*#m-\w+)"', page)
    path, _, anchor = unescape(link).partition("#")
    (told,) = re.findall(rf'<li class="suppressed" id="{anchor}">(.*?)</li>', visitor.get(path).text, re.DOTALL)
    assert "no consent" in told
    assert "<details open>" in told


def test_a_campaigns_page_says_what_came_of_its_messages(empty: Shop) -> None:
    visitor = Visitor(empty).entered("olga", Role.operator)
    empty.now = wall()
    empty.turn(*(event for number in range(6) for event in empty.welcome(f"p{number}")))
    catch_up(empty.state)
    with open_history(empty.state) as history:
        sent = [row for row in history.messages(MessageFilter(campaign="welcome")).rows if row.sent is not None]
    told = ["delivered", "opened", "opened", "clicked", "unsubscribed"]
    for number, word in enumerate(told):
        for one in sent[: len(sent) - number // 2]:
            given = Receipt(
                one.id, f"{number}", word, empty.now, "email", url="https://shop.example/" if word == "clicked" else ""
            )
            empty.live.engine.give(one.key, given, empty.now)
    empty.live.engine.commit()
    catch_up(empty.state)
    page = visitor.get("/campaign?name=welcome&days=1").text
    seen = dict(re.findall(r"<dt>([^<]+?)</dt><dd[^>]*>([\d,]+)</dd>", page))
    wanted = {"sent": 0, "delivered": 0, "opened": 0, "clicked": 1, "unsubscribed": 2}
    assert {name: seen[name] for name in wanted} == {name: str(len(sent) - less) for name, less in wanted.items()}
    assert seen["reached the goal"] == "0"


def test_the_menu_counts_what_waits_and_a_page_that_follows_takes_the_counts_along(empty: Shop) -> None:
    visitor = Visitor(empty).entered("olga", Role.operator)
    empty.now = wall()
    assert counted(visitor) == {"doubts": "", "approvals": "", "letters": "", "rejects": ""}
    empty.poison()
    empty.poison()
    refused = Rejects(empty.state)
    refused.put(wall(), "shop", [(b"{}", "no name")] * 3)
    refused.put(wall() - 2 * 86_400_000, "shop", [(b"{}", "long ago")])
    refused.close()
    assert counted(visitor) == {"doubts": "", "approvals": "", "letters": "2", "rejects": "3"}
    copied = "insert into dead_letters select seq + ?, key, clock, given, cause from dead_letters where seq = ?"
    (seq,) = empty.file.connection.execute("select max(seq) from dead_letters").fetchone()
    empty.file.connection.executemany(copied, [(more, seq) for more in range(1, 1_100)])
    assert counted(visitor)["letters"] == "999+"
    live = next(one for one in Page(visitor.get("/engine").text).all("div") if "hx-get" in one)
    named = (live["hx-select-oob"] or "").split(",")
    page = Page(visitor.get("/engine").text)
    assert {f"#{attributes.get('id')}" for _, attributes in page.tags} >= set(named)
    assert {f"#waits-{name}" for name in counted(visitor)} < set(named)


def counted(visitor: Visitor) -> dict[str, str]:
    """What the menu says of each page, as a page that follows asks for it."""
    page = visitor.get("/engine", **{"hx-request": "true"}).text
    return dict(re.findall(r'id="waits-(\w+)">([^<]*)<', page))


def test_a_customer_of_any_name_is_reached_by_the_links_to_them(empty: Shop) -> None:
    visitor = Visitor(empty).entered("olga", Role.operator)
    empty.now = wall()
    names = ["a/b", "..", "a?b#c", "é ü", "100%", "a&b=c", "<b>", 'say "hi"', "+1", "%2e%2e"]
    empty.turn(*(empty.known(name, city="Rome") for name in names))
    for name in names:
        answer = visitor.ask("GET", "/customers", params={"q": name})
        page = visitor.get(answer.headers["location"])
        assert page.status_code == 200, name
        assert Page(page.text).tags, name
        assert f"<h1>{name}</h1>" == unescape(next(iter(re.findall(r"<h1>.*?</h1>", page.text)))), name


def test_no_template_lets_anything_through_as_it_is() -> None:
    folder = resources.files("orchestrator.console") / "templates"
    found = [one.name for one in folder.iterdir() if re.search(r"\|\s*safe|autoescape", one.read_text(encoding="utf-8"))]
    assert found == []


def test_a_campaign_is_silent_where_it_usually_triggers_and_does_not() -> None:
    def days(*found: int) -> list[CampaignDay]:
        return [CampaignDay("c", day, "triggered", "", 1) for day in found]

    assert is_silent(days(*range(80, 99)), 100)
    assert not is_silent(days(*range(80, 100)), 100)
    assert not is_silent(days(*range(80, 101)), 100)
    assert not is_silent(days(*range(80, 99, 3)), 100)
    assert not is_silent([], 100)


def test_where_nothing_is_yet_it_says_so(empty: Shop) -> None:
    visitor = Visitor(empty).entered("olga", Role.operator)
    for path in ("/", "/campaigns", "/messages", "/campaign?name=welcome"):
        assert "Nothing to see yet" in visitor.get(path).text
    for path in ("/hour", "/engine", "/doubts", "/letters", "/approvals", "/audit"):
        assert visitor.get(path).status_code == 200
