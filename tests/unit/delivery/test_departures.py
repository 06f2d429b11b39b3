"""What never came as far as the socket is certainly not sent; what may have is not judged by that."""

from __future__ import annotations

import asyncio
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import pytest

from orchestrator.delivery.channel import Accepted, Answer, Channel, RenderedMessage
from orchestrator.delivery.departures import Departures, boot_of
from orchestrator.delivery.dispatch import Dispatcher, Evidence
from orchestrator.domain.input import Outcome
from orchestrator.domain.outgoing import Outgoing

LATER = 1 << 60
BOOT = Path("/proc/sys/kernel/random/boot_id")
NOW = 1_790_000_000_000


def doubted(ident: str, begun: int = LATER) -> Outgoing:
    return Outgoing(ident, 7, "c", "t", "email", "a@e.example", "en", 0, {}, doubted=NOW, begun=begun)


def certain(departures: Departures, *idents: str, begun: int = LATER) -> list[str]:
    return [one.message_id for one in departures.without([doubted(ident, begun) for ident in idents])]


def opened(path: Path, boot: str | None = "boot", most: int = 1 << 20, since: int = 0) -> Departures:
    departures = Departures(path, boot, most)
    departures.open(since)
    return departures


def since_of(path: Path) -> int:
    return int(path.read_text().split("\n")[0].split()[-1])


def test_what_another_life_did_not_note_was_not_sent(tmp_path: Path) -> None:
    first = opened(tmp_path / "left")
    first.note("a")
    first.close()  # killed
    assert certain(opened(tmp_path / "left"), "a", "b") == ["b"]


@pytest.mark.parametrize(("before", "after"), [("boot", "next"), ("", ""), ("boot", "")])
def test_after_another_boot_nothing_is_certain(tmp_path: Path, before: str, after: str) -> None:
    opened(tmp_path / "left", before).note("a")
    later = opened(tmp_path / "left", after)
    assert certain(later, "b", begun=NOW) == []
    assert certain(later, "b") == (["b"] if after else [])


def test_nothing_is_said_of_attempts_before_the_first_note(tmp_path: Path) -> None:
    departures = opened(tmp_path / "left")
    departures.note("a")
    since = since_of(tmp_path / "left")
    assert certain(departures, "b", begun=since) == []
    assert certain(departures, "b", begun=since + 1) == ["b"]


def test_a_wall_that_was_set_back_makes_nothing_certain_that_began_before_the_notes(tmp_path: Path) -> None:
    """What an earlier boot attempted has the time of the engine's clock, which is ahead of the wall then."""
    ahead = LATER - 10
    departures = opened(tmp_path / "left", since=ahead)
    assert certain(departures, "b", begun=ahead) == []
    assert certain(departures, "b", begun=ahead + 1) == ["b"]


def test_notes_that_are_given_up_say_nothing_of_attempts_ahead_of_the_wall(tmp_path: Path) -> None:
    departures = opened(tmp_path / "left", most=60)
    for number in range(40):
        departures.note(f"message-{number}", LATER - 100 + number)
    assert certain(departures, "message-0", begun=LATER - 100) == []
    assert certain(departures, "another", begun=LATER) == ["another"]


def test_of_two_files_the_older_is_forgotten_and_what_was_in_it_is_not_certain(tmp_path: Path) -> None:
    departures = opened(tmp_path / "left", most=60)
    for number in range(40):
        departures.note(f"message-{number}")
    files = [tmp_path / "left.1", tmp_path / "left"]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(path.stat().st_size < 120 for path in files)
    kept = {line for path in files for line in path.read_text().split("\n")[1:] if line}
    assert "message-39" in kept
    assert certain(departures, *kept) == []
    assert certain(departures, "message-0", begun=since_of(files[0])) == []


def test_a_file_that_is_full_to_the_byte_is_the_older_one_from_then_on(tmp_path: Path) -> None:
    opened(tmp_path / "left").note("a")
    departures = opened(tmp_path / "left", most=(tmp_path / "left").stat().st_size + 2)
    departures.note("b")
    assert not (tmp_path / "left.1").exists()
    departures.note("c")
    assert [(tmp_path / name).read_text().split("\n")[1:] for name in ("left.1", "left")] == [["a", "b", ""], ["c", ""]]


def test_a_file_says_from_when_on_it_has_everything_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    before = time.time_ns() // 1_000_000
    opened(tmp_path / "left")
    assert before <= since_of(tmp_path / "left") <= time.time_ns() // 1_000_000
    assert stat.S_IMODE((tmp_path / "left").stat().st_mode) == 0o600


@pytest.mark.skipif(not BOOT.exists(), reason="this system does not name its boots")
def test_a_boot_has_the_system_s_name() -> None:
    assert boot_of() == BOOT.read_text().strip() != ""


def test_an_older_file_alone_proves_nothing(tmp_path: Path) -> None:
    departures = opened(tmp_path / "left", most=1)
    departures.note("a")
    (tmp_path / "left").unlink()
    later = opened(tmp_path / "left")
    assert certain(later, "b", begun=NOW) == []
    assert not (tmp_path / "left.1").exists()


@pytest.mark.parametrize("content", [b"\xff\xfe junk", b"boot 1790000000000\n", b"boot 1 mark\n", b""])
def test_a_torn_or_foreign_file_begins_anew(tmp_path: Path, content: bytes) -> None:
    """Among them those that earlier versions wrote."""
    (tmp_path / "left").write_bytes(content)
    assert certain(opened(tmp_path / "left"), "a", begun=NOW) == []


def test_a_copy_proves_nothing_and_what_was_renamed_does(tmp_path: Path) -> None:
    first = opened(tmp_path / "left")
    shutil.copy2(tmp_path / "left", tmp_path / "copy")
    first.note("a")
    first.close()
    assert certain(opened(tmp_path / "copy"), "a", begun=NOW) == []
    (tmp_path / "left").rename(tmp_path / "renamed")
    assert certain(opened(tmp_path / "renamed"), "a", "b") == ["b"]


def test_notes_of_another_mark_are_begun_anew(tmp_path: Path) -> None:
    departures = Departures(tmp_path / "left", "boot")
    mark = departures.open(0)
    departures.note("a")
    assert departures.open(0, mark) == mark
    assert certain(departures, "a", "b") == ["b"]
    assert departures.open(LATER - 1, "another") != mark
    assert certain(departures, "b", begun=LATER - 1) == []


def test_what_is_closed_takes_no_note(tmp_path: Path) -> None:
    departures = opened(tmp_path / "left")
    departures.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        departures.note("a")


@pytest.mark.skipif(not boot_of(), reason="this system does not name its boots")
def test_two_processes_of_one_boot_know_that(tmp_path: Path) -> None:
    opened(tmp_path / "left", None).note("a")
    assert certain(opened(tmp_path / "left", None), "a", "b", begun=LATER) == ["b"]
    lived = subprocess.run(
        [sys.executable, "-c", "from orchestrator.delivery.departures import boot_of; print(boot_of())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert lived.stdout.strip() == boot_of()


class Mail:
    """Accepts everything, and notes what had been noted by then."""

    def __init__(self, path: Path) -> None:
        self._path, self.noted = path, list[bool]()

    async def send(self, message: RenderedMessage) -> Answer:
        self.noted.append(message.message_id in self._path.read_text().split("\n"))
        return Accepted()


def dispatched(departures: Departures, channel: object, *messages: Outgoing) -> list[Outcome]:
    told: list[Outcome] = []

    async def tell(_: int, outcome: Outcome) -> None:
        told.append(outcome)

    def render(one: Outgoing) -> RenderedMessage:
        return RenderedMessage(one.message_id, one.channel, one.to, "Hi", "c")

    async def all_of_it() -> None:
        evidence = Evidence([], departures)
        dispatcher = Dispatcher({"email": cast("Channel", channel)}, render, tell, evidence=evidence)
        await dispatcher.dispatch(messages)
        await asyncio.gather(*dispatcher._tasks, *dispatcher._looks)

    asyncio.run(all_of_it())
    return told


def test_a_message_is_noted_before_its_channel_has_it_and_one_in_doubt_that_never_was_has_not_left(tmp_path: Path) -> None:
    mail = Mail(tmp_path / "left")
    new = Outgoing("new", 7, "c", "t", "email", "a@e.example", "en", LATER, {})
    departures = opened(tmp_path / "left")
    assert [one.result for one in dispatched(departures, mail, new)] == ["accepted"]
    assert mail.noted == [True]
    (outcome,) = dispatched(departures, mail, doubted("new"), doubted("other"))
    assert (outcome.message_id, outcome.result, outcome.kind, outcome.detail) == ("other", "refused", "cut_off", "evidence")


def test_where_nothing_can_be_noted_nothing_leaves(tmp_path: Path) -> None:
    mail, departures = Mail(tmp_path / "left"), opened(tmp_path / "left", most=1)
    (tmp_path / "left.1").mkdir()
    new = Outgoing("new", 7, "c", "t", "email", "a@e.example", "en", LATER, {})
    assert [one.result for one in dispatched(departures, mail, new)] == ["not_sent"]
    assert mail.noted == []
