"""A survey from the message to the answer, through `serve` as it is run: the link works, also after a restart."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.integration.serving import Serve, events_of, identify, order, sent_to, serving, until
from tests.integration.small_workspace import write_workspace

FILES = {
    "surveys/visit.yaml": "survey: visit\nkind: csat\nquestion: {en: How was it?, it: Com'è andata?}\ncomment: true\n",
    "events/survey-answered.yaml": """\
event: Survey Answered
properties: {type: object, required: [survey], properties: {survey: {type: string}, score: {type: integer}}}
sample: {survey: visit, score: 4}
""",
    "campaigns/visit.yaml": """\
campaign: visit
stage: retention
topic: offers
on: {event: Order Completed, key: order}
then:
  - id: ask
    send: {template: visit, channel: email, survey: visit}
  - wait_for: {event: Survey Answered, of: ask, within: 7d}
    then: [{send: {template: letter, channel: email}}]
""",
    "templates/visit/template.yaml": "sender: shop\nsubject: visit\n",
    "templates/visit/email.txt": "Tell us: {{ survey.url }}\n",
}


def _opened(url: str, given: dict[str, str] | None = None) -> tuple[int, str]:
    answer = httpx.request("GET" if given is None else "POST", url, data=given, timeout=30)
    return answer.status_code, answer.text


def _link(life: Serve, state: Path) -> str:
    """The link that was sent; its path at this life's door."""
    texts = until(lambda: [text for text in sent_to(state, "ada") if "/s/" in text], "a message with a link")
    found = re.search(r"Tell us: (\S+)(/s/\S+)", texts[0])
    assert found is not None
    assert found[1] == "https://shop.example/here"
    return f"{life.url()}{found[2]}"


def test_an_answer_on_the_page_is_heard_by_the_run_that_asked(tmp_path: Path) -> None:
    workspace, state = write_workspace(tmp_path / "workspace"), tmp_path / "state.sqlite"
    for name, text in FILES.items():
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(text, encoding="utf-8")
    public = {"ORCHESTRATOR_PUBLIC_URL": "https://shop.example/here/"}
    with serving(workspace, state, **public) as life:
        life.post([identify("m-1", "ada"), order("m-2", "ada")])
        link = _link(life, state)
        life.terminate()
    with serving(workspace, state, **public, ORCHESTRATOR_SURVEY_KEY="another key, 16 letters and more") as life:
        link = _link(life, state)
        status, page = _opened(link)
        assert (status, "How was it?" in page) == (200, True)
        assert _opened(link[:-3] + "AAA", {"score": "5"})[0] == 404
        assert "The news" not in sent_to(state, "ada"), "looking is no answer"
        assert "Thank you" in _opened(link, {"score": "2", "comment": "Late"})[1]
        assert "already" in _opened(link, {"score": "5"})[1]
        until(lambda: "The news" in sent_to(state, "ada"), "what follows the answer")
        (answer,) = [event for event in events_of(state) if event.get("event") == "Survey Answered"]
        assert answer["userId"] == "ada"
        assert {**answer["properties"], "message_id": ""} == {
            "survey": "visit",
            "score": 2,
            "comment": "Late",
            "message_id": "",
        }
