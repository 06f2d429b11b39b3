"""`orchestrator suppressions` on a state file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from orchestrator.authoring import load_workspace
from orchestrator.bootstrap.engine import open_live
from orchestrator.cli import app
from orchestrator.errors import UsageError
from orchestrator.stores.sqlite import SqliteFile
from tests.integration.small_workspace import write_workspace

runner = CliRunner()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


def told(state: Path, *given: str) -> str:
    result = runner.invoke(app, ["suppressions", "--state", str(state), *given], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(state: Path, *given: str) -> str:
    with pytest.raises(UsageError) as error:
        runner.invoke(app, ["suppressions", "--state", str(state), *given], catch_exceptions=False, standalone_mode=False)
    return str(error.value)


def test_what_is_added_is_known_and_can_be_taken_back(state: Path) -> None:
    assert "1 listed" in told(state, "--add", "Anna@example.com", "--kind", "complaint", "--reason", "by phone")
    assert "0 listed" in told(state, "--add", "anna@example.com", "--kind", "complaint")
    shown = told(state, "--check", "anna@example.com ")
    assert shown.startswith("complaint stops marketing on email since ")
    assert shown.rstrip().endswith("from operator (by phone)")
    assert told(state, "--check", "ben@example.com") == "not listed\n"
    assert "why" in refused(state, "--remove", "anna@example.com", "--kind", "complaint")
    told(state, "--remove", "anna@example.com", "--kind", "complaint", "--reason", "she asked for it")
    assert json.loads(told(state, "--check", "anna@example.com", "--format", "json"))["listed"] is False


def test_an_import_is_counted_by_kind_and_scope(state: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    lines = "address,kind,scope,since\na@b.example,,,2024-05-01\n+39 333 1,stop,,\nc@d.example,unsubscribed,topic:offers,\n"
    path.write_text("\ufeff" + lines, encoding="utf-8")
    assert "3 listed" in told(state, "--import", str(path))
    counted = json.loads(told(state, "--format", "json"))
    assert {(one["channel"], one["kind"], one["scope"]): one["entries"] for one in counted["kinds"]} == {
        ("email", "imported", "marketing"): 1,
        ("sms", "stop", "all"): 1,
        ("email", "unsubscribed", "topic:offers"): 1,
    }
    assert "since 2024-05-01T00:00:00.000Z" in told(state, "--check", "A@B.example")
    assert "0 listed, 0 taken back, 3 as they were" in told(state, "--import", str(path))


def test_a_wrong_line_is_told_and_the_others_are_listed(state: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    wrong = "(212) 555-0177,stop,,\nbroken,,,\n,,,\nc@d.example,,everything,\nc@d.example,,,yesterday\nc@d.example,halt,,\n"
    path.write_text(f"address,kind,scope,since\na@b.example,,,\n{wrong}+39 333 12,stop,,\n", encoding="utf-8")
    result = runner.invoke(app, ["suppressions", "--state", str(state), "--import", str(path)])
    assert result.exit_code == 1
    assert result.stdout == "2 listed, 0 taken back, 0 as they were, 6 lines refused: mend them and import the file again\n"
    told_lines = result.stderr.splitlines()
    how = "not an address; write an email as name@host, a number as + and country code"
    assert told_lines[0] == f"line 3 is refused: (212) 555-0177: {how}"
    assert told_lines[1] == f"line 4 is refused: broken: {how}"
    assert told_lines[2] == "line 5 is refused: there is no address in it"
    assert "--scope everything" in told_lines[3]
    assert "2026-01-31 09:00, which is in UTC then" in told_lines[4]
    assert "--kind halt" in told_lines[5]
    assert "2 entries" in told(state)
    asked = ["suppressions", "--state", str(state), "--import", str(path), "--format", "json"]
    assert [one["line"] for one in json.loads(runner.invoke(app, asked).stdout)["refused"]] == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("given", ["--add", "--check", "--remove"])
@pytest.mark.parametrize("address", ["not an address", "333 000 0009"])
def test_what_cannot_be_an_address_is_refused(state: Path, given: str, address: str) -> None:
    SqliteFile(state).close()
    for channel in ((), ("--channel", "sms")):
        assert "name@host" in refused(state, given, address, "--reason", "so", *channel)
    assert "looks like an address of email" in refused(state, given, "a@b.example", "--reason", "so", "--channel", "sms")
    assert "0 entries" in told(state)


@pytest.mark.parametrize("mark", [";", "\t"])
def test_what_excel_writes_is_read(state: Path, tmp_path: Path, mark: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"address{mark}reason\r\na@b.example{mark}by phone, twice\r\n", encoding="utf-8")
    assert "1 listed" in told(state, "--import", str(path))
    assert "(by phone, twice)" in told(state, "--check", "a@b.example")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("mail\na@b.example\n", "there is no column address; mail is none of them"),
        ("address,sort\na@b.example,x\n", "any of channel, kind, scope, reason, since; sort is none of them"),
        ("", "there is no column address"),
    ],
)
def test_a_file_with_other_columns_imports_nothing(state: Path, tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(content, encoding="utf-8")
    SqliteFile(state).close()
    assert words in refused(state, "--import", str(path))
    assert "0 entries" in told(state)


def test_what_a_later_consent_goes_before_is_told(state: Path, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("address,kind\na@b.example,\nc@d.example,stop\n", encoding="utf-8")
    told(state, "--import", str(path))
    later = "a consent given later to a topic goes before it"
    assert later in told(state, "--check", "a@b.example")
    assert later not in told(state, "--check", "c@d.example")
    assert "1 listed" in told(state, "--add", "a@b.example", "--reason", "by letter")
    assert later not in told(state, "--check", "a@b.example")


def test_a_topic_that_the_live_program_lacks_is_refused(state: Path, tmp_path: Path) -> None:
    assert "1 listed" in told(state, "--add", "a@b.example", "--scope", "topic:ofers")
    workspace = write_workspace(tmp_path / "w", "lesson-old")
    open_live(SqliteFile(state), workspace, load_workspace(workspace).program, 0).engine.commit()
    assert "the live program has no topic ofers; did you mean `offers`?" in refused(
        state, "--add", "c@d.example", "--scope", "topic:ofers"
    )
    assert "1 listed" in told(state, "--add", "c@d.example", "--scope", "topic:offers")


def test_the_help_says_what_is_needed() -> None:
    shown = " ".join(runner.invoke(app, ["suppressions", "--help"], env={"COLUMNS": "200"}).stdout.split())
    assert "needs --reason" in shown
    assert "By default all for stop" in shown


def test_nothing_is_made_by_looking(state: Path) -> None:
    assert "no such file" in refused(state, "--check", "a@b.example")
    assert not state.exists()


def test_no_address_stands_in_the_file(state: Path) -> None:
    told(state, "--add", "anna@example.com", "--kind", "stop")
    assert b"anna" not in b"".join(path.read_bytes() for path in state.parent.iterdir())
