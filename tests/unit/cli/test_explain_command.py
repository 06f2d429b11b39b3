"""`orchestrator explain` as a marketer reads it."""

import json
from pathlib import Path
from shutil import copytree

import pytest
from typer.testing import CliRunner

from orchestrator.cli import app

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
TRAITS = {"timezone": "Europe/Rome", "first_name": "Anna"}
runner = CliRunner()


def call(number: int, minute: int, kind: str = "track", **fields: object) -> dict[str, object]:
    at = {"timestamp": f"2026-03-02T09:{minute:02}:00Z"}
    return {"type": kind, "messageId": str(number), "userId": "anna", **at, **fields}


CALLS = [
    call(1, 0, "identify", traits=TRAITS),
    call(2, 0, event="Consent Given", properties={"topic": "aftercare"}),
    call(3, 1, event="Order Complete", properties={"order_id": "O-1", "total": 80.0}),
    call(4, 1, event="Order Completed", properties={"order_id": "O-1", "total": "80"}),
    call(5, 2, event="Order Completed", properties={"order_id": "O-1", "total": 80.0}),
]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    log = tmp_path_factory.mktemp("explain") / "events.jsonl"
    log.write_text("".join(json.dumps(one) + "\n" for one in CALLS) + "{\n", encoding="utf-8")
    result = runner.invoke(app, ["explain", str(LIBRARY), "--events", str(log), "--profile", "anna"])
    assert result.exit_code == 0, result.output
    return result.stdout.splitlines()


def test_times_are_local_and_say_of_where(lines: list[str]) -> None:
    assert lines[1] == "Times are in Europe/Rome, the customer's time zone."
    assert "2026-03-02 10:02:00  stage    awareness → retention (Order Completed)" in lines


def test_what_was_not_heard_comes_before_the_story(lines: list[str]) -> None:
    assert lines[2] == "Order Complete: unknown event, accepted, and nothing reads it; did you mean `Order Completed`?"
    assert 'events.jsonl:4: $.properties.total: the value is not of type "number"' in lines[3]
    assert lines[4] == "1 rejected line more in these files, of nobody that can be told"


def test_a_message_is_told_once_with_what_would_be_otherwise_live(lines: list[str]) -> None:
    (told,) = [line for line in lines if "order-thanks by" in line]
    assert told.startswith("2026-03-02 10:02:00  order-follow-up: accepted — order-thanks by email; live: no address for email")


def test_it_ends_with_what_is_under_way(lines: list[str]) -> None:
    begin = lines.index("Under way at 2026-03-02 10:02:00; --at TIME lets time run on:")
    assert lines[-1] == (
        "  order-follow-up: waits 7 days and then for 10:00, until 2026-03-10 10:00:00 (in 7 days 23 hours),"
        " then sends how-it-goes by email or sms"
    )
    assert all(line.startswith("  ") for line in lines[begin + 1 :])


def explained(log: Path, *options: str) -> str:
    result = runner.invoke(app, ["explain", str(LIBRARY), "--events", str(log), *options])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def log(tmp_path: Path) -> Path:
    log = tmp_path / "events.jsonl"
    log.write_text("".join(json.dumps(one) + "\n" for one in CALLS), encoding="utf-8")
    return log


@pytest.mark.parametrize(
    ("at", "instant"),
    [
        ("2026-03-02T09:02:30Z", "2026-03-02 10:02:30"),
        ("2026-03-02T11:02:30+02:00", "2026-03-02 10:02:30"),
        ("2026-03-02 10:02:30 Europe/Rome", "2026-03-02 10:02:30"),
        ("2026-03-02T18:02:30[Asia/Tokyo]", "2026-03-02 10:02:30"),
        ("2026-03-02 09:02:30 UTC", "2026-03-02 10:02:30"),
        ("2026-03-02 09:02:30", "2026-03-02 10:02:30"),
        ("2026-03-03", "2026-03-03 01:00:00"),
    ],
)
def test_a_moment_may_name_its_zone(log: Path, at: str, instant: str) -> None:
    """Without one it is local in the workspace's zone, here UTC; it is told in the customer's."""
    assert f"Under way at {instant}; --at TIME" in explained(log, "--profile", "anna", "--at", at)


def test_a_moment_without_a_zone_is_local_in_the_workspace(tmp_path: Path, log: Path) -> None:
    workspace = tmp_path / "shop"
    copytree(LIBRARY, workspace)
    policies = workspace / "policies.yaml"
    policies.write_text(policies.read_text(encoding="utf-8").replace("zone: UTC", "zone: Asia/Tokyo"), encoding="utf-8")
    command = ["explain", str(workspace), "--events", str(log), "--profile", "anna", "--at", "2026-03-02 18:02:30"]
    assert "Under way at 2026-03-02 10:02:30" in runner.invoke(app, command).stdout


@pytest.mark.parametrize(
    ("at", "words"),
    [("tomorrow", "not a time"), ("2026-03-02 10:00 Europe/Roma", "no time zone Europe/Roma"), ("2026-13-02", "not a time")],
)
def test_a_moment_that_is_none_is_refused(log: Path, at: str, words: str) -> None:
    result = runner.invoke(app, ["explain", str(LIBRARY), "--events", str(log), "--profile", "anna", "--at", at])
    assert words in str(result.exception)


def test_unknown_names_are_answered_with_the_nearest(log: Path) -> None:
    assert explained(log, "--profile", "ana").startswith("No event of ana was accepted. Did you mean `anna`?")
    command = ["explain", str(LIBRARY), "--events", str(log), "--profile", "anna", "--campaign", "win-bak"]
    assert "did you mean `win-back`? It has" in str(runner.invoke(app, command).exception)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", "email: the address is listed: its owner complained"),
        ("it", "email: l'indirizzo è in elenco: "),
    ],
)
def test_what_the_address_list_holds_is_told(tmp_path: Path, log: Path, locale: str, said: str) -> None:
    """Also where no message has come so far that the list was asked."""
    state = tmp_path / "shop.sqlite"
    who = {"type": "identify", "messageId": "who", "userId": "anna", "traits": {"email": "anna@example.com"}}
    log.write_text(json.dumps({**who, "timestamp": "2026-03-01T09:00:00Z"}) + "\n" + log.read_text(encoding="utf-8"), "utf-8")
    assert runner.invoke(app, ["replay", str(LIBRARY), "--events", str(log), "--state", str(state)]).exit_code == 0
    asked = ["explain", str(LIBRARY), "--state", str(state), "--profile", "anna", "--locale", locale]
    assert said not in runner.invoke(app, asked).stdout
    given = ["--add", "Anna@Example.com", "--kind", "complaint", "--reason", "by phone"]
    assert runner.invoke(app, ["suppressions", "--state", str(state), *given]).exit_code == 0
    told = runner.invoke(app, asked).stdout
    assert said in told
    assert "(by phone)" in told
    [one] = json.loads(runner.invoke(app, [*asked, "--format", "json"]).stdout)["listed"]
    assert (one["channel"], one["kind"], one["scope"], one["reason"]) == ("email", "complaint", "marketing", "by phone")


def test_a_state_file_says_which_program_decided(tmp_path: Path, log: Path) -> None:
    state = tmp_path / "shop.sqlite"
    assert runner.invoke(app, ["replay", str(LIBRARY), "--events", str(log), "--state", str(state)]).exit_code == 0
    told = runner.invoke(app, ["explain", str(LIBRARY), "--state", str(state), "--profile", "anna", "--format", "json"])
    programs = {entry["program"] for entry in json.loads(told.stdout)["entries"]}
    assert programs == {json.loads(told.stdout)["programs"][0]["program"]}
    near = runner.invoke(app, ["explain", str(LIBRARY), "--state", str(state), "--profile", "Anna"]).stdout
    assert near.startswith("No event of Anna was accepted. Did you mean `anna`?")
