"""The pages of choices: looking changes nothing, a POST acts at once; what is chosen is the recipient's event, with proof."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from msgspec import structs

from channels.letter import Letter, letter_of
from orchestrator.bootstrap.addresses import address_key
from orchestrator.bootstrap.pages import listed_in, shop_of
from orchestrator.delivery.channel import RenderedMessage
from orchestrator.delivery.links import ChoiceLinks
from orchestrator.domain.choices import LIVES_MS, Choice, Purpose, read_choice, signed_choice
from orchestrator.domain.decide import newcomer
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.profile import Consent, Profile, Snooze
from orchestrator.domain.program import Program, Wheel
from orchestrator.domain.suppression import Listed, Word, hashed
from orchestrator.errors import Unavailable
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.choice_page import text_version
from orchestrator.intake.choice_words import CHOICE_WORDS
from orchestrator.intake.choices import ChoiceDoor, choice_routes
from orchestrator.intake.limits import ANSWERS_A_MINUTE, CHOICE_BODY_MAX_BYTES
from orchestrator.intake.pace import Pace
from orchestrator.stores.sqlite import SqliteFile
from tests.unit.intake.test_edge import NOON, Log, door
from tests.unit.intake.test_surveys import Page

KEY, ADDRESS_KEY = b"k" * 32, b"a" * 32
MESSAGE = "0123456789abcdef01234567"
ADDRESS = hashed(ADDRESS_KEY, "email", "anna@example.com")
POLICIES = Policies(
    {"offers": Topic("offers", title={"en": "Offers & <more>", "it": "Offerte"}), "news": Topic("news", double=True)}
)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def path(purpose: Purpose = "u", locale: str = "en", key: bytes = KEY, made: int = NOON, **more: Any) -> str:
    given = {"channel": "email", "topic": "offers", "person": "u:anna", **more}
    return f"/{purpose}/" + signed_choice(Choice(purpose, MESSAGE, ADDRESS, made, locale, **given), key)


class Shop:
    """The pages, and what they note."""

    def __init__(self, profile: Profile | None = None, failure: Exception | None = None, pages: int = 1_000) -> None:
        self.words: list[Word] = []
        self.log = Log(failure)
        self.profile, self.now = profile, NOON
        self.entries: list[Listed] = []
        catalogue = Catalogue({})
        made = ChoiceDoor(POLICIES, lambda: (KEY,), self.log.submit, self.say, lambda: self.now, self.known)
        made.shop, made.listed, made.pages = "Böttcher & Co", self.listed, Pace(pages)
        self.client = door(self.log, pages=choice_routes(made))
        self.validate = catalogue.validate

    async def say(self, words: Sequence[Word]) -> list[bool]:
        self.words += words
        return [True] * len(words)

    async def known(self, _person: str) -> Profile | None:
        return self.profile

    async def listed(self, _choice: Choice, _profile: Profile | None) -> list[Listed]:
        return self.entries

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        for event in self.log.events:
            self.validate(event)
        return [(e.name, {k: v for k, v in e.properties.items() if k in ("topic", "channel", "days")}) for e in self.log.events]


def anna(**more: Any) -> Profile:
    found = newcomer(Program("p", Wheel("a", ("a",))), NOON, "u:anna")
    found.traits = {"email": "anna@example.com", "phone": "+39333", "locale": "it-IT"}
    found.consents = {"offers": {"*": Consent(given=True, at=1, id="m")}}
    found.asked = {"news": {"email": Consent(given=True, at=1, id="m")}}
    for name, value in more.items():
        setattr(found, name, value)
    return found


def test_one_click_unsubscribes_without_login_cookie_or_redirect() -> None:
    shop = Shop()
    answer = shop.client.post(path(), data=ONE_CLICK)
    assert (answer.status_code, answer.headers.get("set-cookie"), answer.history) == (200, None, [])
    assert shop.told() == [("Consent Withdrawn", {"topic": "offers", "channel": "email"})]
    (event,), (word,) = shop.log.events, shop.words
    assert (event.user_id, event.properties["source"], event.occurred_at) == ("anna", "one-click", NOON)
    assert event.properties["text"] == text_version("en", "unsubscribe")
    assert event.properties["message_id"] == MESSAGE  # so it counts as that message's
    assert (word.address, word.kind, word.scope) == (ADDRESS, "unsubscribed", "topic:offers")


def test_looking_changes_nothing() -> None:
    shop = Shop(anna())
    for purpose in ("u", "p", "c"):
        for method in ("GET", "HEAD"):
            assert shop.client.request(method, path(purpose)).status_code == 200
    assert (shop.log.events, shop.words) == ([], [])


def test_everything_can_be_left_at_once() -> None:
    for purpose, given in (("u", {"what": "all"}), ("p", {"all": "1"})):
        shop = Shop()
        answer = shop.client.post(path(purpose), data=given)
        assert "unsubscribed from everything" in answer.text
        assert shop.told() == [("Consent Withdrawn", {"topic": name}) for name in ("offers", "news")]
        assert [word.scope for word in shop.words] == ["marketing"]


def test_a_click_that_comes_twice_is_one_event() -> None:
    shop = Shop()
    for _ in range(2):
        shop.client.post(path(), data=ONE_CLICK)
    assert len({event.message_id for event in shop.log.events}) == 1
    shop.now += 3_600_000
    shop.client.post(path(), data=ONE_CLICK)
    assert len({event.message_id for event in shop.log.events}) == 2


def test_who_changes_their_mind_twice_within_minutes_has_said_so_three_times() -> None:
    shop = Shop()
    for at, wanted in enumerate(("no", "yes", "no")):
        shop.now = NOON + at * 5_000
        shop.client.post(path("p"), data={"topic:email:offers": wanted})
    shop.now += 5_000
    shop.client.post(path(), data=ONE_CLICK)
    assert [event.name for event in shop.log.events] == ["Consent Withdrawn", "Consent Given", *["Consent Withdrawn"] * 2]
    assert len({event.message_id for event in shop.log.events}) == 4


def test_the_page_shows_how_things_stand_and_notes_what_changes() -> None:
    shop = Shop(anna(snooze=Snooze(NOON + 86_400_000, 1, "s")))
    page = shop.client.get(path("p") + "?lang=en").text
    assert "Offers &amp; &lt;more&gt;" in page
    selects = [str(one["name"]) for one in Page(page).all("select")]
    assert selects == ["topic:email:offers", "topic:sms:offers", "topic:email:news", "topic:sms:news", "language", "pause"]
    assert "Until " in page
    assert page.count("To be confirmed by you") == 1
    given = {name: "yes" for name in selects if name.startswith("topic")} | {"topic:sms:offers": "no", "pause": "30"}
    shop.client.post(path("p"), data={**given, "language": "en", "topic:email:unknown": "yes", "save": "1"})
    assert shop.told() == [
        ("Consent Withdrawn", {"topic": "offers", "channel": "sms"}),
        ("Consent Given", {"topic": "news", "channel": "email"}),
        ("Consent Given", {"topic": "news", "channel": "sms"}),
        ("", {}),
        ("Marketing Snoozed", {"days": 30}),
    ]
    assert shop.log.events[3].traits == {"locale": "en"}
    assert {e.properties["source"] for e in shop.log.events if e.name} == {"preference page"}


def test_what_is_as_it_was_is_no_event() -> None:
    shop = Shop(anna())
    given = {"topic:email:offers": "yes", "topic:sms:offers": "yes", "topic:email:news": "pending", "topic:sms:news": "no"}
    assert shop.client.post(path("p"), data={**given, "language": "it", "pause": "", "save": "1"}).status_code == 200
    assert shop.told() == []


def listed(kind: str, scope: str, channel: str = "email", source: str = "sendgrid") -> Listed:
    return Listed(ADDRESS, channel, kind, scope, NOON - 5, source)


@pytest.mark.parametrize(
    ("entry", "locale", "words"),
    [
        (listed("complaint", "marketing"), "en", "marked as spam in your mailbox, so we send you no advertising by email"),
        (
            listed("complaint", "marketing"),
            "it",
            "segnalato come spam nella tua casella, perciò non ti inviamo pubblicità via email",
        ),
        (
            listed("stop", "all", "sms", "sms"),
            "en",
            "so we send you nothing by SMS, whatever you choose here. To change that, text START",
        ),
        (
            listed("stop", "all", "sms", "sms"),
            "it",
            "non ti inviamo nulla via SMS, qualunque cosa tu scelga qui. Per cambiare, invia START",
        ),
        (listed("stop", "sender:+39555", "sms", "sms"), "en", "nothing from one of our senders by SMS"),
        (listed("stop", "all", source="operator"), "en", "on our list of those we do not write to"),
        (listed("bounce", "all"), "en", "did not reach you, so we send you nothing by email"),
        (listed("invalid", "all"), "it", "non ti sono arrivati, perciò non ti inviamo nulla via email"),
        (
            listed("imported", "topic:offers", source="operator"),
            "en",
            "so we send you nothing about “Offers &amp; &lt;more&gt;” by email",
        ),
        (listed("erased", "all"), "it", "nell&#x27;elenco di chi non riceve i nostri messaggi"),
    ],
)
def test_what_no_choice_changes_is_said_above_the_choices_and_once_saved(entry: Listed, locale: str, words: str) -> None:
    for profile in (anna(traits={"email": "anna@example.com", "phone": "+39333"}), None):
        shop = Shop(profile)
        shop.entries = [entry, entry]
        page = shop.client.get(path("p", locale)).text
        assert page.count(words) == 1
        assert page.index(words) < page.index("<form")
        assert words in shop.client.post(path("p", locale), data={"topic:email:news": "yes"}).text


def test_who_left_and_chooses_yes_again_has_said_so_later_than_the_list() -> None:
    for kind, source in (("unsubscribed", "page"), ("unsubscribed", "sendgrid"), ("imported", "import")):
        shop = Shop(anna())
        shop.entries = [listed(kind, "marketing", source=source)]
        page = shop.client.get(path("p", "en")).text
        assert "whatever you choose" not in page
        given = {"topic:email:offers": "yes", "topic:sms:offers": "yes"}
        shop.client.post(path("p"), data=given)
        assert shop.told() == [("Consent Given", {"topic": "offers", "channel": "email"})]
        agreed_at = shop.log.events[0].occurred_at
        assert not shop.entries[0].stops("marketing", "offers", "", agreed_at)


def test_the_list_of_a_file_is_found_by_what_is_known_and_by_the_link(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "state.sqlite")
    address_key(file, ADDRESS_KEY)
    words = [Word(ADDRESS, "email", "complaint"), Word(hashed(ADDRESS_KEY, "sms", "+39333"), "sms", "stop")]
    file.hear(words)
    find = listed_in(tmp_path / "state.sqlite", ADDRESS_KEY)
    choice = Choice("p", MESSAGE, ADDRESS, NOON, "en", "email", "offers", "u:anna")

    def kinds(profile: Profile | None) -> list[str]:
        return [one.kind for one in asyncio.run(find(choice, profile))]

    assert kinds(anna()) == ["complaint", "stop"]
    assert kinds(anna(traits={"email": "new@example.com"})) == []
    assert kinds(None) == kinds(anna(traits={})) == ["complaint"]
    file.hear([structs.replace(word, on=False) for word in words])
    assert kinds(anna()) == []


def test_where_nobody_is_known_each_choice_can_be_left_as_it_is() -> None:
    shop = Shop()
    page = shop.client.get(path("p", person="a:dev")).text
    assert page.count("Leave it as it is") == 3
    shop.client.post(path("p", person="a:dev"), data={"topic:email:offers": "no", "topic:email:news": "leave"})
    assert shop.told() == [("Consent Withdrawn", {"topic": "offers", "channel": "email"})]
    assert shop.log.events[0].anonymous_id == "dev"


@pytest.mark.parametrize(
    ("channel", "properties"), [("email", {"topic": "news", "channel": "email"}), ("*", {"topic": "news"})]
)
def test_what_was_asked_for_is_confirmed_with_its_message(channel: str, properties: dict[str, Any]) -> None:
    shop = Shop()
    assert "“News” by" in shop.client.get(path("c", channel=channel, topic="news")).text
    shop.client.post(path("c", channel=channel, topic="news"), data={"confirm": "1"})
    assert shop.told() == [("Consent Confirmed", properties)]
    assert shop.log.events[0].properties["message_id"] == MESSAGE


def test_who_confirms_at_an_address_that_nothing_is_sent_to_is_told_so() -> None:
    for person in (anna(), None):
        shop = Shop(person)
        shop.entries = [listed("complaint", "marketing"), listed("stop", "all", "sms", "sms")]
        answer = shop.client.post(path("c", topic="news"), data={"confirm": "1"}).text
        assert "You get “News”" not in answer
        assert "Your wish to get “News” by email is kept, but nothing of it is sent for now." in answer
        assert answer.count("marked as spam in your mailbox") == 1
        assert "START" not in answer
        assert shop.told() == [("Consent Confirmed", {"topic": "news", "channel": "email"})]


def test_who_confirms_for_every_channel_is_told_of_those_that_are_stopped() -> None:
    shop = Shop(anna())
    shop.entries = [listed("complaint", "marketing")]
    answer = shop.client.post(path("c", "it", channel="*", topic="news"), data={"confirm": "1"}).text
    assert "Da adesso ricevi «News»" in answer
    assert "segnalato come spam" in answer


def test_what_is_stopped_of_another_topic_is_not_told_to_who_confirms() -> None:
    shop = Shop(anna())
    shop.entries = [listed("imported", "topic:offers", source="operator")]
    answer = shop.client.post(path("c", topic="news"), data={"confirm": "1"}).text
    assert "You get “News” by email from now on" in answer
    assert "Offers" not in answer


@pytest.mark.parametrize("locale", ["it-IT", "en"])
def test_pages_work_without_script_and_for_those_who_cannot_see(locale: str) -> None:
    shop = Shop(anna(traits={"email": "anna@example.com", "phone": "+39333", "locale": locale}))
    for purpose in ("u", "p", "c"):
        answer = shop.client.get(path(purpose, locale))
        page = Page(answer.text)
        assert page.all("script") == []
        assert page.all("html")[0]["lang"] == locale[:2]
        assert len(page.all("h1")) == 1
        labels = {one["for"] for one in page.all("label")}
        assert {one["id"] for one in page.all("select")} == labels
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("locale", ["it", "en"])
def test_every_page_says_whose_it_is(locale: str) -> None:
    shop = Shop(anna(traits={"email": "anna@example.com", "locale": locale}))
    for purpose, given in (("u", ONE_CLICK), ("u", {"what": "all"}), ("p", {"save": "1"}), ("p", {"all": "1"}), ("c", {})):
        where = path(purpose, locale)
        for answer in (shop.client.get(where), shop.client.post(where, data=given)):
            assert re.search(r"<title>[^<]+ · Böttcher &amp; Co</title>", answer.text)
            assert re.search(r"<h1>.*Böttcher &amp; Co.*</h1>", answer.text)


def test_the_pages_are_the_first_senders() -> None:
    care = {"email": {"from": "care@shop.example", "name": "Customer care"}}
    assert (
        shop_of({"desk": {}, "shop": {"email": {"from": "hello@shop.example", "name": "The Shop"}}, "care": care}) == "The Shop"
    )
    assert shop_of({"shop": {"email": {"from": "hello@shop.example"}}}) == "shop.example"
    assert shop_of({"shop": {"sms": {"from": "+15005550006"}}}) == ""


def linked(page: str, where: str) -> str:
    """Where the page's only link leads."""
    (link,) = Page(page).all("a")
    return urljoin(where, str(link["href"]))


def test_the_language_that_is_chosen_holds_from_then_on() -> None:
    shop, where = Shop(), path("p", "it")
    saved = shop.client.post(where, data={"language": "en", "save": "1"})
    assert "What you chose counts from now on" in saved.text
    again = linked(saved.text, where)
    assert "What you get from us" in shop.client.get(again).text
    assert "What you chose counts" in shop.client.post(again, data={"topic:email:offers": "no"}).text
    assert shop.log.events[-1].properties["text"] == text_version("en", "preferences")
    assert "Che cosa ricevi da noi" in shop.client.get(where + "?lang=xx").text


def test_an_older_link_speaks_the_language_that_was_chosen_since() -> None:
    assert "Che cosa ricevi da noi" in Shop(anna()).client.get(path("p", "en")).text


def test_who_unsubscribes_by_a_message_of_no_topic_leaves_everything() -> None:
    shop = Shop()
    page = shop.client.get(path(topic="")).text
    assert "“”" not in page
    assert 'value="all"' in page
    assert 'value="topic"' not in page
    for given in (ONE_CLICK, {"what": "topic"}, {}):
        shop = Shop()
        assert "unsubscribed from everything" in shop.client.post(path(topic=""), data=given).text
        assert shop.told() == [("Consent Withdrawn", {"topic": name}) for name in ("offers", "news")]
        assert [word.scope for word in shop.words] == ["marketing"]


def test_who_has_unsubscribed_can_change_their_mind() -> None:
    shop, where = Shop(anna()), path()
    for answer in (shop.client.get(where), shop.client.post(where, data={}), shop.client.post(where, data={"what": "all"})):
        assert 'name="topic:email:offers"' in shop.client.get(linked(answer.text, where)).text


def test_a_link_to_unsubscribe_opens_the_choices_no_longer_than_its_message_does() -> None:
    shop, where = Shop(anna()), path()
    shop.now = NOON + LIVES_MS["p"]
    answer = shop.client.post(where, data=ONE_CLICK)
    assert answer.status_code == 200
    assert Page(answer.text).all("a") == []


@pytest.mark.parametrize("given", [{"pause": "9999"}, {"language": "xx"}, {"topic:email:offers": "maybe"}])
@pytest.mark.parametrize(("locale", "words"), [("en", "Nothing was saved"), ("it", "Non abbiamo salvato nulla")])
def test_what_cannot_be_chosen_is_refused_in_words(given: dict[str, str], locale: str, words: str) -> None:
    shop = Shop()
    answer = shop.client.post(path("p", locale), data={"topic:email:news": "yes", **given, "save": "1"})
    assert answer.status_code == 400
    assert words in answer.text
    assert shop.told() == []


def test_both_languages_say_the_same_things() -> None:
    assert CHOICE_WORDS["en"].keys() == CHOICE_WORDS["it"].keys()


@pytest.mark.parametrize(
    "token",
    [
        path(key=b"x" * 32),
        path("p").replace("/p/", "/u/"),
        path()[:-2] + "AA",
        "/u/nothing",
        "/u/%00",
    ],
)
def test_a_link_that_nobody_signed_for_that_does_nothing(token: str) -> None:
    shop = Shop()
    assert shop.client.post(token, data=ONE_CLICK).status_code == 404
    assert (shop.log.events, shop.words) == ([], [])


def test_a_link_lives_as_long_as_its_purpose() -> None:
    shop = Shop()
    shop.now = NOON + LIVES_MS["c"]
    assert shop.client.post(path("c"), data={"confirm": "1"}).status_code == 410
    assert shop.client.post(path("u"), data=ONE_CLICK).status_code == 200


def test_what_could_not_be_noted_is_said_to_come_again() -> None:
    answer = Shop(failure=Unavailable()).client.post(path(), data=ONE_CLICK)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


def test_forms_are_bounded() -> None:
    shop = Shop()
    assert shop.client.post(path("p"), content=b"x" * (CHOICE_BODY_MAX_BYTES + 1)).status_code == 400
    codes = [shop.client.post(path(), data=ONE_CLICK).status_code for _ in range(ANSWERS_A_MINUTE + 1)]
    assert codes[-1] == 429


def test_machines_that_look_at_links_keep_nobody_from_unsubscribing() -> None:
    shop = Shop(pages=3)
    assert [shop.client.get(path(purpose)).status_code for purpose in ("u", "p", "c", "u")] == [200, 200, 200, 429]
    assert shop.client.post(path(), data=ONE_CLICK).status_code == 200
    assert shop.told() == [("Consent Withdrawn", {"topic": "offers", "channel": "email"})]


def test_a_token_keeps_what_it_was_given() -> None:
    choice = Choice("p", MESSAGE, ADDRESS, NOON // 60_000 * 60_000, "it-IT", "sms", "a topic", "u:anna\0x")
    assert read_choice(signed_choice(choice, KEY), "p", (b"x" * 32, KEY)) == choice


def outgoing(**more: Any) -> Outgoing:
    given = {"cls": "marketing", "topic": "offers", "channel": "email", "context": {"event": None}, **more}
    return Outgoing(MESSAGE, 1, "c", "t", to="Anna@example.com", locale="it", not_after=NOON, person="u:anna", **given)


def links(base: str = "https://shop.example", mailbox: str = "") -> ChoiceLinks:
    return ChoiceLinks(base, lambda: (KEY,), lambda: ADDRESS_KEY, mailbox)


def test_marketing_by_email_has_the_headers_of_one_click() -> None:
    chosen = links(mailbox="leave@shop.example").of(outgoing())
    url = chosen.urls["unsubscribe_url"]
    token = url.rpartition("/")[2]
    assert chosen.headers == {
        "List-Unsubscribe": f"<{url}>, <mailto:leave@shop.example?subject=unsubscribe%20{token}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    choice = read_choice(token, "u", (KEY,))
    assert choice is not None
    assert (choice.address, choice.topic, choice.person, choice.locale) == (ADDRESS, "offers", "u:anna", "it")
    assert "anna@example.com" not in url.lower()


def test_a_link_that_is_too_long_to_stand_in_a_header_twice_stands_there_once() -> None:
    long = structs.replace(outgoing(), person="u:" + "ж" * 254)
    found = links(mailbox="leave@shop.example").of(long)
    assert found.headers["List-Unsubscribe"] == f"<{found.urls['unsubscribe_url']}>"
    letter = RenderedMessage(
        MESSAGE, "email", "anna@example.com", "x", "c", sender={"from": "s@shop.example"}, headers=found.headers
    )
    assert isinstance(letter_of(letter), Letter)


def test_what_is_no_marketing_mail_over_https_has_less() -> None:
    assert "List-Unsubscribe-Post" not in links("http://127.0.0.1:8080").of(outgoing()).headers
    assert links().of(outgoing(cls="transactional")).headers == {}
    assert links().of(outgoing(channel="sms")).headers == {}
    assert links("").of(outgoing()).urls == {}
    assert "confirm_url" not in links().of(outgoing()).urls


def test_a_message_about_consent_given_can_ask_to_confirm_it() -> None:
    given = {"event": {"event": "Consent Given", "properties": {"topic": "news", "channel": "email"}}}
    url = links().of(outgoing(cls="transactional", context=given)).urls["confirm_url"]
    choice = read_choice(url.rpartition("/")[2], "c", (KEY,))
    assert choice is not None
    assert (choice.topic, choice.channel) == ("news", "email")
