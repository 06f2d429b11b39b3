"""The file channel: whole lines, letters to look at, and disks that fail."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from channels.file import FileChannel
from orchestrator.delivery.channel import Accepted, NotSent, Refused, RenderedMessage

SMS = RenderedMessage("m1", "sms", "+39333", "Ciao\nAda", "welcome")
EMAIL = RenderedMessage("m/1", "email", "ada@example.com", "Ciao", "welcome", {"from": "a@b.it"}, "È qui", "<b>Ciao</b>")


def channel(folder: Path, **settings: Any) -> FileChannel:
    return FileChannel({"folder": str(folder), **settings}, cast("aiohttp.ClientSession", None))


def test_a_message_is_one_line_with_all_of_it(tmp_path: Path) -> None:
    assert asyncio.run(channel(tmp_path).send(SMS)) == Accepted("m1")
    (line,) = (tmp_path / "sms.jsonl").read_text().splitlines()
    assert RenderedMessage(**json.loads(line)) == SMS


def test_an_email_can_be_looked_at(tmp_path: Path) -> None:
    assert asyncio.run(channel(tmp_path).send(EMAIL)) == Accepted("m/1")
    letter = email.message_from_bytes((tmp_path / "email" / "m%2F1.eml").read_bytes(), policy=email.policy.default)
    assert letter["Subject"] == "È qui"


def test_a_message_to_nobody_is_written_without_a_letter(tmp_path: Path) -> None:
    nobody = RenderedMessage("m1", "email", "", "Ciao", "welcome")
    assert asyncio.run(channel(tmp_path).send(nobody)) == Accepted("m1")
    assert not (tmp_path / "email").exists()


def test_many_at_once_stay_whole_lines(tmp_path: Path) -> None:
    async def story() -> None:
        sink = channel(tmp_path, durable=False)
        await asyncio.gather(*(sink.send(RenderedMessage(f"m{n}", "sms", "", "x" * 20_000, "c")) for n in range(50)))

    asyncio.run(story())
    lines = (tmp_path / "sms.jsonl").read_text().splitlines()
    assert {json.loads(line)["message_id"] for line in lines} == {f"m{n}" for n in range(50)}


def test_a_full_disk_is_not_sent(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "sms.jsonl").symlink_to(full)
    assert asyncio.run(channel(tmp_path).send(SMS)) == NotSent(5_000, "ENOSPC")


def test_a_folder_that_cannot_be_is_a_matter_of_settings(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    answer = asyncio.run(channel(tmp_path / "taken" / "below").send(SMS))
    assert isinstance(answer, Refused)
    assert (answer.kind, answer.code) == ("config", "ENOTDIR")


def test_a_channels_name_cannot_lead_elsewhere(tmp_path: Path) -> None:
    answer = asyncio.run(channel(tmp_path).send(RenderedMessage("m1", "../x", "", "", "c")))
    assert isinstance(answer, Refused)
    assert list(tmp_path.iterdir()) == []


def test_what_has_no_leave_any_more_when_its_turn_comes_is_not_written(tmp_path: Path) -> None:
    answer = asyncio.run(channel(tmp_path).send(replace(SMS, leave=lambda: False)))
    assert isinstance(answer, NotSent)
    assert list(tmp_path.rglob("*")) == []
