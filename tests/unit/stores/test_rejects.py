"""Refused events: the newest are kept, for a while, and nobody waits for it."""

from __future__ import annotations

from pathlib import Path

from orchestrator.stores.rejects import KEPT, KEPT_MS, SENT_CHARS, Rejects, read_rejects


def kept(state: Path, *given: tuple[int, list[tuple[bytes, str]]]) -> None:
    rejects = Rejects(state)
    for at, refused in given:
        rejects.put(at, "shop", refused)
    rejects.close()


def test_what_was_refused_is_read_the_newest_first(tmp_path: Path) -> None:
    state = tmp_path / "shop.sqlite"
    assert read_rejects(state, None, 10) == []
    kept(state, (1, [(b'{"a": 1}', "no name")]), (2, [(b"\xff", "no JSON"), (b"x" * 9_000, "too long")]))
    found = read_rejects(state, None, 10)
    assert [(one.at, one.source, one.reason) for one in found] == [
        (2, "shop", "too long"),
        (2, "shop", "no JSON"),
        (1, "shop", "no name"),
    ]
    assert [len(one.sent) for one in found] == [SENT_CHARS, 1, 8]
    assert [one.reason for one in read_rejects(state, found[1].number, 10)] == ["no name"]


def test_they_are_few_and_go_after_a_while(tmp_path: Path) -> None:
    state = tmp_path / "shop.sqlite"
    kept(state, (1, [(b"old", "old")]), (2, [(b"{}", str(n)) for n in range(KEPT + 5)]))
    found = read_rejects(state, None, 2 * KEPT)
    assert len(found) == KEPT
    assert found[0].reason == str(KEPT - 1)
    kept(state, (3 + KEPT_MS, [(b"new", "new")]))
    assert [one.reason for one in read_rejects(state, None, 10)] == ["new"]
