"""`serve` as it is run: two processes, one state file, HTTP on loopback."""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.calendar import iso
from orchestrator.domain.input import Timer
from orchestrator.errors import StoreError
from orchestrator.intake.limits import BATCH_MAX_EVENTS
from orchestrator.intake.link import UNACKNOWLEDGED_EVENTS
from orchestrator.stores.lock import only_writer
from tests.integration.serving import (
    PATIENCE_S,
    Asked,
    Serve,
    events_of,
    identify,
    inputs_of,
    order,
    running,
    sent,
    sent_to,
    serving,
    start,
    track,
    until,
)
from tests.integration.small_workspace import write_workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return write_workspace(tmp_path / "workspace")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state" / "state.sqlite"


@pytest.fixture(autouse=True)
def folder(state: Path) -> None:
    state.parent.mkdir()


def asked(life: Serve, events: list[dict[str, Any]]) -> Asked:
    """Send a batch; returns once the edge has it, for it answers what came after."""
    request = life.ask(events)
    assert life.post([{"type": "track"}]).status == 400
    return request


def nothing_left(life: Serve, engine: int) -> bool:
    return not running(life.pid) and not running(engine)


# ── answers ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_accepted_means_on_disk_and_the_rest_is_told_apart(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        first = life.post(
            [identify("m-1", "ada"), order("m-2", "ada"), order("m-2", "ada"), track("m-3", "ada", "Order Completed")]
        )
        assert (first.status, first.body["accepted"], first.body["duplicates"]) == (200, 2, 1)
        assert [at for at, _ in first.body["rejected"]] == [3]
        assert "order_id" in first.body["rejected"][0][1]
        os.kill(life.engine(), signal.SIGSTOP)
        os.kill(life.pid, signal.SIGSTOP)
        assert [event["messageId"] for event in events_of(state)] == ["m-1", "m-2"]
        os.kill(life.engine(), signal.SIGCONT)
        os.kill(life.pid, signal.SIGCONT)
        again = life.post([order("m-2", "ada")])
        assert (again.body["accepted"], again.body["duplicates"]) == (0, 1)


def test_every_200_is_on_disk_when_it_is_read_at_once(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        for number in range(3):
            ids = [f"m-{number}-{at}" for at in range(50)]
            assert life.post([order(ident, f"u-{ident}") for ident in ids]).body["accepted"] == 50
            os.killpg(life.pid, signal.SIGSTOP)
            assert set(ids) <= {event["messageId"] for event in events_of(state)}
            os.killpg(life.pid, signal.SIGCONT)


def test_overload_is_told_and_loses_nothing(workspace: Path, state: Path) -> None:
    most = UNACKNOWLEDGED_EVENTS // BATCH_MAX_EVENTS
    batches = [[track(f"m-{at}-{n}", f"u-{n}", "Looked Around") for n in range(BATCH_MAX_EVENTS)] for at in range(most + 2)]
    with serving(workspace, state) as life:
        engine = life.engine()
        os.kill(engine, signal.SIGSTOP)
        requests = [life.ask(batch) for batch in batches]
        told = [requests.index(one) for one in select.select(requests, [], [], PATIENCE_S)[0]]
        os.kill(engine, signal.SIGCONT)
        answers = [request.answer() for request in requests]
        assert told
        assert all((answers[at].status, answers[at].headers["retry-after"]) == (429, "1") for at in told)
        taken = {at for at, answer in enumerate(answers) if answer.status == 200}
        assert len(taken) >= most
        for at, batch in enumerate(batches):
            if at not in taken:
                assert life.post(batch).body["accepted"] == BATCH_MAX_EVENTS
    assert {event["messageId"] for event in events_of(state)} == {event["messageId"] for batch in batches for event in batch}


def test_the_file_channel_writes_what_went_out_and_only_with_consent(workspace: Path, state: Path) -> None:
    letter = workspace / "campaigns/letter.yaml"
    letter.write_text(letter.read_text("utf-8") + "alarm: {sends: {at_most: 0, per: 1h}}\n", "utf-8")
    with serving(workspace, state) as life:
        yes = track("m-3", "ada", "Consent Given", topic="news")
        life.post([identify("m-1", "ada"), track("m-2", "ada", "Letter Wanted")])
        life.post([identify("n-1", "bob"), yes, track("m-4", "ada", "Letter Wanted"), track("n-2", "bob", "Letter Wanted")])
        until(lambda: sent_to(state, "ada"), "Ada's letter")
        told = until(lambda: next((line for line in life.said().splitlines() if "alarm" in line), None), "an alarm")
        page = life.page("metrics")
        assert life.terminate() == 0
    assert told == "alarm: letter: 1 message left within 1 hour, at most 0 are usual"
    assert 'orchestrator_alarm{campaign="letter",kind="surge",of="sends"} 1.0\n' in page
    assert 'orchestrator_attempts_total{channel="email",result="accepted"} 1.0\n' in page
    assert 'orchestrator_in_doubt{partition="0"} 0.0\n' in page
    assert sent_to(state, "ada") == ["The news"]
    assert sent_to(state, "bob") == []
    assert len(list((state.parent / "outbox" / "email").glob("*.eml"))) == 1


# ── the end, and what comes after ───────────────────────────────────────────────────────────────────────────────────────


def test_sigterm_ends_both_processes_cleanly(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        engine = life.engine()
        life.post([identify("m-1", "ada"), order("m-2", "ada")])
        assert life.terminate() == 0
        assert nothing_left(life, engine)
        assert "Traceback" not in life.said()
    assert [event["messageId"] for event in events_of(state)] == ["m-1", "m-2"]


def test_what_is_under_way_at_sigterm_is_answered_and_kept(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        engine = life.engine()
        os.kill(engine, signal.SIGSTOP)
        request = asked(life, [identify("m-1", "ada"), order("m-2", "ada")])
        life.process.send_signal(signal.SIGTERM)
        os.kill(engine, signal.SIGCONT)
        assert request.answer().status == 200
        assert life.ended() == 0
    assert [event["messageId"] for event in events_of(state)] == ["m-1", "m-2"]


def test_a_signal_to_the_whole_group_is_for_the_edge_alone(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        life.post([identify("m-1", "ada"), order("m-2", "ada")])
        os.killpg(life.pid, signal.SIGTERM)
        assert life.ended() == 0
    assert [event["messageId"] for event in events_of(state)] == ["m-1", "m-2"]


def test_a_second_sigterm_ends_the_edge_at_once(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        engine = life.engine()
        os.kill(engine, signal.SIGSTOP)

        def ended() -> bool:
            life.process.send_signal(signal.SIGTERM)
            return life.process.poll() is not None

        until(ended, "the end")
        assert life.ended() == -signal.SIGTERM
        os.kill(engine, signal.SIGCONT)
        until(lambda: not running(engine), "the engine to end in order")


def test_a_restart_goes_on_and_timers_of_the_downtime_fire_at_their_own_instants(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        life.post([identify("m-1", "ada"), order("m-2", "ada")])
        until(lambda: "Your order O-m-2" in sent_to(state, "ada"), "the receipt")
        assert life.terminate() == 0
    stopped = time.time()
    until(lambda: time.time() > stopped + 3.5, "the timers to be due")
    restarted = time.time()
    with serving(workspace, state) as life:
        until(lambda: len(sent_to(state, "ada")) == 3, "both offers")
        life.post([track("m-3", "ada", "Order Paid", order_id="O-m-2")])
        until(
            lambda: any(getattr(given, "name", "") == "Reminded" for _, given in inputs_of(state, "ada")), "the emitted event"
        )
        assert life.terminate() == 0
    assert sent_to(state, "ada") == ["Your order O-m-2", "Something you may like", "Still there"]
    fired = [(row.clock, given.due) for row, given in inputs_of(state, "ada") if isinstance(given, Timer)]
    late = [(clock, due) for clock, due in fired if due < restarted * 1_000]
    assert late, fired
    assert all(clock == due for clock, due in late), [(iso(clock), iso(due)) for clock, due in late]


def test_people_in_flight_keep_the_steps_they_started_with(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        life.post([identify("m-1", "ada"), track("m-2", "ada", "Course Begun")])
        assert life.terminate() == 0
    write_workspace(workspace, lesson="lesson-new")
    with serving(workspace, state) as life:
        life.post([identify("n-1", "bob"), track("n-2", "bob", "Course Begun")])
        until(lambda: sent_to(state, "ada") and sent_to(state, "bob"), "both lessons")
        assert life.terminate() == 0
    assert sent_to(state, "ada") == ["The old lesson"]
    assert sent_to(state, "bob") == ["The new lesson"]


# ── when one of the two dies ────────────────────────────────────────────────────────────────────────────────────────────


def test_without_its_engine_the_edge_answers_503_and_ends(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        engine = life.engine()
        os.kill(engine, signal.SIGSTOP)
        request = asked(life, [order("m-1", "ada")])
        os.kill(engine, signal.SIGKILL)
        answer = request.answer()
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        assert life.ended() == 1
        told = [line for line in life.said().splitlines() if not line.startswith("listening")]
        assert told == ["error: the engine was killed by SIGKILL; what was answered with 200 is kept: start again"]
    assert events_of(state) == []


def test_without_its_edge_the_engine_ends_and_frees_the_file(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        engine = life.engine()
        assert life.post([identify("m-1", "ada"), order("m-2", "ada")]).status == 200
        os.kill(life.pid, signal.SIGKILL)
        with serving(workspace, state) as second:
            assert not running(engine)
            assert second.post([order("m-2", "ada"), order("m-3", "ada")]).body["duplicates"] == 1
            assert second.terminate() == 0
        assert "Traceback" not in life.said()
    assert [event["messageId"] for event in events_of(state)] == ["m-1", "m-2", "m-3"]


def test_nobody_else_may_write_the_file(workspace: Path, state: Path) -> None:
    with (
        serving(workspace, state) as life,
        pytest.raises(StoreError, match=r"state\.sqlite: another engine is writing it .process \d+.; stop that one first"),
        only_writer(state, wait_s=0.0),
    ):
        pytest.fail(f"two engines on one file beside {life.pid}")


def test_a_second_serve_on_the_file_fails_at_once_and_says_who_has_it(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        second = start(workspace, state)
        try:
            assert second.ended() == 1
        finally:
            second.kill()
        who = f"`orchestrator serve`, process {life.pid},"
        assert second.said() == f"error: {state}: {who} is at work on it; stop that one first, or name another file\n"
        assert life.post([order("m-1", "ada")]).status == 200
    assert not sent(state)


def test_a_restart_waits_for_the_engine_that_the_last_life_left(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        engine = life.engine()
        os.kill(engine, signal.SIGSTOP)
        os.kill(life.pid, signal.SIGKILL)
        life.ended()
        second = start(workspace, state)
        try:
            until(lambda: f"waiting for process {engine}" in second.said(), "what it waits for")
            assert "listening" not in second.said()
            os.kill(engine, signal.SIGCONT)
            assert second.listening().post([order("m-1", "ada")]).status == 200
            assert second.terminate() == 0
        finally:
            second.kill()


def test_sigterm_while_it_waits_ends_it_at_once(workspace: Path, state: Path) -> None:
    with serving(workspace, state) as life:
        engine = life.engine()
        os.kill(engine, signal.SIGSTOP)
        os.kill(life.pid, signal.SIGKILL)
        life.ended()
        second = start(workspace, state)
        try:
            until(lambda: "waiting for process" in second.said(), "what it waits for")
            assert second.terminate() == 0
        finally:
            second.kill()
        assert len(second.said().splitlines()) == 1


def test_a_port_in_use_is_told_plainly(workspace: Path, state: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        life = start(workspace, state, port=port)
        try:
            assert life.ended() == 1
        finally:
            life.kill()
    why = "cannot listen there (Address already in use); stop what uses it, or choose another --port or --host"
    assert life.said() == f"error: 127.0.0.1:{port}: {why}\n"


def test_a_workspace_with_errors_is_told_once(tmp_path: Path, state: Path) -> None:
    life = start(tmp_path / "nothing", state)
    try:
        assert life.ended() == 1
    finally:
        life.kill()
    assert life.said().count("there is no folder") == 2  # the finding, and the summary
    assert not state.exists()


def test_an_engine_that_cannot_open_its_file_has_the_word(workspace: Path, state: Path) -> None:
    state.write_bytes(b"no database" * 1_000)
    life = start(workspace, state)
    try:
        assert life.ended() == 1
    finally:
        life.kill()
    assert life.said().startswith(f"error: {state}: cannot be opened as a state file")
    assert life.said().count("\n") == 1
