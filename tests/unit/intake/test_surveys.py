"""The pages of surveys: looking counts nothing, one answer counts, and nothing that is written there can do harm."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from orchestrator.domain.program import EventType
from orchestrator.domain.survey import ANSWER, Link, Survey, signed
from orchestrator.errors import Overloaded, Unavailable
from orchestrator.intake.catalogue import Catalogue
from orchestrator.intake.limits import ANSWERS_A_MINUTE, COMMENT_MAX_CHARS, SURVEY_BODY_MAX_BYTES
from orchestrator.intake.pace import Pace
from orchestrator.intake.survey_words import ENDS, WORDS
from orchestrator.intake.surveys import SurveyDoor, survey_routes
from tests.unit.intake.test_edge import NOON, Client, Log, door

KEY = b"k" * 32
DAY_MS = 86_400_000
CSAT = Survey(
    "csat",
    "csat",
    1,
    5,
    {"en": "How was <it>?", "it": "Com'è andata?"},
    {"en": "What could be better?", "it": "Che cosa migliorare?"},
)
NPS = Survey("nps", "nps", 0, 10, {"en": "Would you recommend us?"})
TEXT = Survey("text", "text", question={"en": "What do you miss?"}, comment={})
MESSAGE = "0123456789abcdef01234567"


def path(
    survey: Survey = CSAT, locale: str = "en", person: str = "u:anna", until: int = NOON + DAY_MS, key: bytes = KEY
) -> str:
    return "/s/" + signed(Link(MESSAGE, survey.tag, person, locale, until), key)


class Page(HTMLParser):
    """What of a page matters to those who cannot see it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def pages(log: Log, schema: dict[str, Any] | None = None, **more: Any) -> Client:
    catalogue = Catalogue({ANSWER: EventType(ANSWER, schema=schema)})
    surveys = {survey.name: survey for survey in (CSAT, NPS, TEXT)}
    found = SurveyDoor(surveys, lambda: (KEY,), log.submit, catalogue.validate, more.pop("now", lambda: NOON))
    for name, value in more.items():
        setattr(found, name, value)
    return door(log, pages=survey_routes(found))


def test_looking_counts_nothing_and_sending_is_an_event_of_the_recipient() -> None:
    log = Log()
    client = pages(log)
    for method in ("GET", "HEAD", "OPTIONS", "PUT"):
        client.request(method, path() + "?score=5")
    assert log.events == []
    answer = client.post(path(), data={"score": "4", "comment": " Fine.\r\nReally. "})
    assert answer.status_code == 200
    assert "Thank you!" in answer.text
    (event,) = log.events
    assert (event.name, event.user_id, event.anonymous_id, event.source) == (ANSWER, "anna", None, "survey")
    assert (event.occurred_at, event.received_at) == (NOON, NOON)
    assert event.properties == {"survey": "csat", "score": 4, "comment": "Fine.\nReally.", "message_id": MESSAGE}


def test_an_anonymous_recipient_answers_too() -> None:
    log = Log()
    pages(log).post(path(NPS, person="a:device"), data={"score": "0"})
    assert (log.events[0].user_id, log.events[0].anonymous_id) == (None, "device")
    assert log.events[0].properties == {"survey": "nps", "score": 0, "message_id": MESSAGE}


def test_the_first_answer_counts() -> None:
    log = Log()
    client = pages(log)
    client.post(path(), data={"score": "4"})
    again = client.post(path(), data={"score": "1"})
    assert again.status_code == 200
    assert WORDS["en"]["already"] in again.text
    assert len({event.message_id for event in log.events}) == 1, "the engine knows the second as a duplicate"


@pytest.mark.parametrize(
    "given", [{}, {"score": "6"}, {"score": "0"}, {"score": "4.5"}, {"score": "x"}, {"score": ""}, {"comment": "hm"}]
)
def test_an_answer_that_is_none_is_asked_again(given: dict[str, str]) -> None:
    log = Log()
    answer = pages(log).post(path(), data=given)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert log.events == []
    assert given.get("comment", "") in answer.text, "what was written is not lost"


def test_words_are_needed_where_there_is_no_score() -> None:
    log = Log()
    assert pages(log).post(path(TEXT), data={"comment": "  "}).status_code == 400
    assert pages(log).post(path(TEXT), data={"comment": "Tea"}).status_code == 200
    assert log.events[0].properties == {"survey": "text", "comment": "Tea", "message_id": MESSAGE}


def test_too_long_a_comment_is_told_and_a_huge_body_is_not_read() -> None:
    log = Log()
    client = pages(log)
    assert client.post(path(), data={"score": "4", "comment": "x" * (COMMENT_MAX_CHARS + 1)}).status_code == 400
    assert client.post(path(), content=b"score=4&comment=" + b"x" * SURVEY_BODY_MAX_BYTES).status_code == 413
    assert client.post(path(), content=b"&".join(b"a=%d" % number for number in range(50))).status_code == 413
    assert log.events == []
    assert client.post(path(), data={"score": "4", "comment": "\N{PILE OF POO}" * COMMENT_MAX_CHARS}).status_code == 200


def test_a_link_ends_and_a_wrong_one_is_none() -> None:
    log = Log()
    client = pages(log)
    for method in ("GET", "POST"):
        assert client.request(method, path(until=NOON), data={"score": "4"}).status_code == 410
        assert client.request(method, path(key=b"x" * 32), data={"score": "4"}).status_code == 404
        assert client.request(method, "/s/x", data={"score": "4"}).status_code == 404
        assert client.request(method, path(Survey("gone", "csat", 1, 5)), data={"score": "4"}).status_code == 410
    assert log.events == []
    told = client.get("/s/x", headers={"accept-language": "it-IT,it;q=0.9"}).text
    assert WORDS["it"]["unknown"] in told


@pytest.mark.parametrize("failure", [Overloaded(), Unavailable()])
def test_what_cannot_be_kept_now_can_be_sent_again(failure: Exception) -> None:
    answer = pages(Log(failure)).post(path(), data={"score": "2", "comment": "Hm & <b>"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert 'value="2" required checked' in answer.text
    assert "Hm &amp; &lt;b&gt;</textarea>" in answer.text


def test_an_answer_that_the_catalogue_refuses_is_no_thank_you() -> None:
    log = Log()
    assert pages(log, schema={"required": ["order_id"]}).post(path(), data={"score": "2"}).status_code == 503
    assert log.events == []


def test_nobody_can_send_without_end() -> None:
    log = Log()
    client = pages(log)
    codes = [client.post(path(), data={"score": "4"}).status_code for _ in range(ANSWERS_A_MINUTE + 1)]
    assert codes == [200] * ANSWERS_A_MINUTE + [429]
    assert client.get(path()).status_code == 200, "who only looks is not meant"
    assert pages(log, pages=Pace(0)).get(path()).status_code == 429


def test_a_link_whose_key_is_not_known_yet_is_asked_to_come_again() -> None:
    client = pages(Log(), keys=tuple, ready=lambda: False)
    assert client.get(path()).status_code == 503
    assert pages(Log(), keys=tuple).get(path()).status_code == 404


def test_who_has_no_link_keeps_nobody_out() -> None:
    client = pages(Log(), pages=Pace(1))
    assert [client.get("/s/nonsense").status_code for _ in range(3)] == [404] * 3
    assert client.get(path()).status_code == 200


@pytest.mark.parametrize(
    ("locale", "lang", "question"), [("it-IT", "it", "Com&#x27;è andata?"), ("de", "en", "How was &lt;it&gt;?")]
)
def test_the_page_is_in_the_recipients_language(locale: str, lang: str, question: str) -> None:
    answer = pages(Log()).get(path(locale=locale))
    page = Page(answer.text)
    assert page.all("html") == [{"lang": lang}]
    assert question in answer.text
    assert ENDS[lang]["csat"][1] in answer.text
    assert WORDS[lang]["send"] in answer.text


def test_the_page_works_without_scripts_and_for_screen_readers() -> None:
    answer = pages(Log()).get(path() + "?score=3")
    page = Page(answer.text)
    assert page.all("script") == []
    assert page.all("form") == [{"method": "post", "novalidate": None}], "to its own address"
    radios = [one for one in page.all("input") if one["type"] == "radio"]
    assert [(one["value"], "checked" in one) for one in radios] == [(str(n), n == 3) for n in range(1, 6)]
    assert len(re.findall(r"<label><input", answer.text)) == len(radios), "each has its label"
    assert len(page.all("legend")) == 1
    assert page.all("label")[-1]["for"] == page.all("textarea")[0]["id"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; form-action 'self'")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "http" not in answer.text.lower(), "nothing is fetched"


def test_both_languages_say_the_same_things() -> None:
    assert WORDS["it"].keys() == WORDS["en"].keys()
    assert ENDS["it"].keys() == ENDS["en"].keys()


def test_a_pace_knows_only_so_many_keys() -> None:
    pace = Pace(1)
    assert pace.allows("a", 0)
    assert not pace.allows("a", 59_999)
    assert pace.allows("a", 60_000)
