"""What is logged is one line that a program can read, and never quotes what somebody has sent."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from orchestrator.config import log_form
from orchestrator.errors import RejectedEvent, StoreError, UsageError
from orchestrator.logs import begin, say

CANARY = "kanarie"


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Logging is the process's."""
    root, hook = logging.root, sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    (line,) = capsys.readouterr().err.splitlines()
    found: dict[str, object] = json.loads(line)
    return found


def failing() -> None:
    raise ValueError(CANARY)


def test_a_record_is_one_object_with_what_it_says_beside(capsys: pytest.CaptureFixture[str]) -> None:
    begin("json")
    logging.getLogger("x").warning("refused: %s", "550", extra={"campaign": "c", "message_id": "m", "email": CANARY})
    told = logged(capsys)
    assert told.pop("time")
    assert told == {"level": "warning", "logger": "x", "event": "refused: 550", "campaign": "c", "message_id": "m"}


def test_what_is_told_to_whoever_started_it_is_a_plain_line_in_text_and_an_object_in_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    begin("text")
    say("listening on here")
    assert capsys.readouterr().err == "listening on here\n"
    begin("json")
    say("listening on here")
    assert logged(capsys)["event"] == "listening on here"


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_is_told_by_its_type_and_its_places(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    begin("json" if form == "json" else "text")
    try:
        failing()
    except ValueError as error:
        logging.getLogger("x").warning("broken by %r and %s", error, error, exc_info=True)
        logging.getLogger("asyncio").warning("never retrieved\nfuture: %s", CANARY)
        sys.excepthook(type(error), error, error.__traceback__)
    told = capsys.readouterr().err
    assert CANARY not in told
    assert "broken by ValueError and ValueError" in told
    assert "failing" in told


def test_words_of_ours_may_be_told_and_those_of_a_refused_event_may_not(capsys: pytest.CaptureFixture[str]) -> None:
    begin("json")
    logging.getLogger("x").warning("%s; %s", StoreError("no file"), RejectedEvent(f"{CANARY} is not a number"))
    assert logged(capsys)["event"] == "no file; RejectedEvent"


def test_a_form_that_is_none_is_refused() -> None:
    assert (log_form({}), log_form({"ORCHESTRATOR_LOG": "json"})) == ("text", "json")
    with pytest.raises(UsageError, match="ORCHESTRATOR_LOG"):
        log_form({"ORCHESTRATOR_LOG": "xml"})
