from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.input import Event
from orchestrator.errors import RejectedEvent, UsageError
from orchestrator.intake.files import Accepted, Line, Rejected, read_events
from orchestrator.intake.limits import LINE_MAX_BYTES

NOON = 1_795_435_200_000


def line(name: str, at: int, **members: Any) -> str:
    return json.dumps({"type": "track", "event": name, "userId": "u", "timestamp": NOON + at, **members})


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def told(lines: list[Line]) -> list[tuple[int, str | None]]:
    return [(found.line, found.event.name if isinstance(found, Accepted) else None) for found in lines]


def names(lines: list[Line]) -> list[str]:
    return [found.event.name for found in lines if isinstance(found, Accepted)]


def test_a_files_order_is_kept_and_arrival_never_falls(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", line("A", 5), line("B", 1), line("C", 6))
    lines = list(read_events([path]))
    assert names(lines) == ["A", "B", "C"]
    assert [found.arrival - NOON for found in lines] == [5, 5, 6]
    assert [found.event.occurred_at - NOON for found in lines if isinstance(found, Accepted)] == [5, 1, 6]


def test_files_are_merged_by_arrival_with_ties_in_argument_order(tmp_path: Path) -> None:
    one = written(tmp_path / "one.jsonl", line("A", 1), line("B", 3), line("C", 3))
    two = written(tmp_path / "two.jsonl", line("X", 1), line("Y", 2), line("Z", 3))
    assert names(list(read_events([one, two]))) == ["A", "X", "Y", "B", "C", "Z"]
    assert names(list(read_events([two, one]))) == ["X", "A", "Y", "Z", "B", "C"]


def test_a_rejected_line_is_told_and_does_not_move_arrival(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", "", line("A", 1), line("", 9), "  ", "{", line("B", 2))
    lines = list(read_events([path]))
    assert told(lines) == [(1, None), (2, "A"), (3, None), (4, None), (5, None), (6, "B")]
    assert lines[-1].arrival == NOON + 2
    reasons = [found.reason for found in lines if isinstance(found, Rejected)]
    assert [reason.split(";")[0] for reason in reasons[:3]] == ["empty line", reasons[1].split(";")[0], "empty line"]


def test_a_line_that_breaks_its_schema_does_not_move_arrival(tmp_path: Path) -> None:
    def validate(event: Event) -> None:
        if event.name == "Bad":
            raise RejectedEvent("bad")

    path = written(tmp_path / "a.jsonl", line("Bad", 9), line("B", 2))
    lines = list(read_events([path], validate=validate))
    assert told(lines) == [(1, None), (2, "B")]
    assert lines[1].arrival == NOON + 2


def test_nothing_is_read_beyond_the_first_later_arrival_of_each_file(tmp_path: Path) -> None:
    one = written(tmp_path / "one.jsonl", line("A", 1), line("B", 7), line("C", 2), "{")
    two = written(tmp_path / "two.jsonl", line("X", 2), line("Y", 5), line("Z", 6))
    seen: list[str] = []
    lines = list(read_events([one, two], NOON + 5, validate=lambda event: seen.append(event.name)))
    assert names(lines) == ["A", "X", "Y"] == seen
    assert len(lines) == 3


def test_gzip_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(gzip.compress(line("A", 1).encode()) + gzip.compress(b"\n" + line("B", 2).encode()))
    assert names(list(read_events([path]))) == ["A", "B"]


@pytest.mark.parametrize("harm", ["cut", "flip", "plain"])
def test_a_broken_gzip_ends_with_one_reason_and_the_others_go_on(tmp_path: Path, harm: str) -> None:
    whole = gzip.compress("".join(f"{line(f'A{at}', at)}\n" for at in range(2_000)).encode())
    broken = {"cut": whole[:-500], "flip": whole[:-8] + b"\0" * 8, "plain": b"not gzip\n"}[harm]
    bad = tmp_path / "bad.jsonl.gz"
    bad.write_bytes(broken)
    good = written(tmp_path / "good.jsonl", line("X", 1), line("Y", 9_999))
    lines = list(read_events([bad, good]))
    rejections = [found for found in lines if isinstance(found, Rejected)]
    assert [found.file for found in rejections] == [str(bad)]
    assert "the file is broken from here on" in rejections[0].reason
    assert {"X", "Y"} <= set(names(lines))


def test_a_line_beyond_the_bound_is_skipped_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line("A", 1) + "\n" + "x" * (3 * LINE_MAX_BYTES) + "\n" + line("B", 2), encoding="utf-8")
    lines = list(read_events([path]))
    assert told(lines) == [(1, "A"), (2, None), (3, "B")]
    assert isinstance(lines[1], Rejected)
    assert f"at most {LINE_MAX_BYTES} bytes" in lines[1].reason


def test_invalid_utf_8_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"type":"track","event":"\xff"}\r\n' + line("B", 2).encode() + b"\r\n")
    lines = list(read_events([path]))
    assert told(lines) == [(1, None), (2, "B")]
    assert isinstance(lines[0], Rejected)
    assert "invalid UTF-8" in lines[0].reason


def test_equal_lines_without_a_message_id_are_different_events(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", line("A", 1), line("A", 1))
    ids = [found.event.message_id for found in read_events([path, path]) if isinstance(found, Accepted)]
    assert len(set(ids)) == 4
    assert ids == [found.event.message_id for found in read_events([path, path]) if isinstance(found, Accepted)]


def test_a_file_that_cannot_be_opened_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_events([tmp_path / "missing.jsonl"])
    with pytest.raises(UsageError, match="cannot be read"):
        read_events([tmp_path])


def test_an_empty_file_and_no_file_have_no_lines(tmp_path: Path) -> None:
    assert list(read_events([written(tmp_path / "a.jsonl")])) == []
    assert list(read_events([])) == []


def test_a_rejected_line_names_whose_it_was_where_it_can_be_read(tmp_path: Path) -> None:
    lines = [
        '{"type": "track", "userId": "u", "anonymousId": 7}',
        '{"type": "track", "userId": ["u"]}',
        '{"type": "track", "userId": ' + "9" * 5_000 + "}",
        '["u"]',
        "{",
    ]
    found = list(read_events([written(tmp_path / "a.jsonl", *lines)]))
    assert [one.ids for one in found if isinstance(one, Rejected)] == [("u", "7"), (), (), (), ()]
