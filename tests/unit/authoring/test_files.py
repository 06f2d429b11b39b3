"""What is read of a workspace, and that nothing outside it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import check, load_program, load_workspace
from orchestrator.errors import WorkspaceError

Written = Callable[..., Path]


def _codes(root: Path) -> list[tuple[str, str, int, int]]:
    return [(each.code, each.file, each.line, each.column) for each in check(root)]


def test_no_wheel_is_one_finding(written: Written) -> None:
    assert _codes(written({"wheel.yaml": None})) == [("E105", "wheel.yaml", 1, 1)]


def test_a_file_that_cannot_be_read_is_one_finding(written: Written) -> None:
    for name in (
        "wheel.yaml",
        "profile.yaml",
        "policies.yaml",
        "events/order-completed.yaml",
        "templates/thanks/template.yaml",
    ):
        root = written()
        (root / name).write_bytes(b"a: [\n")
        assert [(code, file) for code, file, *_ in _codes(root)] == [("E102", name)]


def test_utf_16_is_refused_and_a_byte_order_mark_is_fine(written: Written, base: dict[str, str]) -> None:
    root = written()
    (root / "wheel.yaml").write_bytes(base["wheel.yaml"].encode("utf-16"))
    assert _codes(root) == [("E101", "wheel.yaml", 1, 1)]
    (root / "wheel.yaml").write_bytes(base["wheel.yaml"].replace("\n", "\r\n").encode("utf-8-sig"))
    assert _codes(root) == []


def test_a_wrong_byte_is_told_at_its_place(written: Written) -> None:
    root = written()
    (root / "wheel.yaml").write_bytes(b"start: a\nb: \xc3\xa9\xff\n")
    assert _codes(root) == [("E101", "wheel.yaml", 2, 5)]


def test_nothing_outside_is_read(written: Written, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.yaml").write_text("event: Secret\n", encoding="utf-8")
    root = written()
    (root / "events" / "secret.yaml").symlink_to(outside / "secret.yaml")
    assert _codes(root) == [("E104", "events/secret.yaml", 1, 1)]
    (root / "events" / "secret.yaml").unlink()
    (root / "surveys").symlink_to(outside)
    assert [code for code, *_ in _codes(root)] == ["E104"]


def test_a_link_to_itself_is_a_finding(written: Written) -> None:
    root = written()
    (root / "events" / "loop.yaml").symlink_to(root / "events" / "loop.yaml")
    assert _codes(root) == [("E101", "events/loop.yaml", 1, 1)]


def test_a_large_file_is_refused(written: Written) -> None:
    root = written()
    (root / "segments.yaml").write_text("#" * 1_000_001, encoding="utf-8")
    assert _codes(root) == [("E106", "segments.yaml", 1, 1)]


def test_files_that_nothing_reads_are_told(written: Written) -> None:
    root = written(
        {"campaigns/x.yml": "a: 1\n", "polices.yaml": "{}\n", "campaings/a.yaml": "{}\n", "notes.md": "x", ".git/x": "y"}
    )
    found = {each.file: each.fix for each in check(root) if each.code == "W101"}
    assert found == {
        "campaigns/x.yml": "name it `campaigns/x.yaml`",
        "polices.yaml": "did you mean `policies.yaml`?",
        "campaings/a.yaml": "did you mean `campaigns`?",
    }


def test_a_table_is_read_with_its_numbers(written: Written) -> None:
    text = 'id,size,zip,note\nA,1,010,"x, y"\nB,2.5,20,\n'
    assert load_program(written({"tables/t.csv": text})).tables["t"] == {
        "A": {"size": 1, "zip": "010", "note": "x, y"},
        "B": {"size": 2.5, "zip": "20"},
    }


def test_a_table_of_the_wrong_form_is_told(written: Written) -> None:
    assert _codes(written({"tables/t.csv": "id,id\n"})) == [("E313", "tables/t.csv", 1, 1)]
    assert _codes(written({"tables/t.csv": "id,a\nx,1,2\n"})) == [("E204", "tables/t.csv", 2, 1)]
    assert _codes(written({"tables/t.csv": 'id,a\nx,"1\n'})) == [("E102", "tables/t.csv", 2, 1)]


def test_loading_a_broken_workspace_raises_with_all_findings(written: Written) -> None:
    with pytest.raises(WorkspaceError, match=r"wheel\.yaml:1:1") as caught:
        load_workspace(written({"wheel.yaml": None}))
    assert [each.code for each in caught.value.findings] == ["E105"]


def test_no_folder_is_a_finding(tmp_path: Path) -> None:
    assert [each.code for each in check(tmp_path / "nowhere")] == ["E101"]
