"""The schemas in the workspace's own folder for them, and the lines that lead to them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from orchestrator.authoring.editing.build import build
from orchestrator.authoring.editing.lines import FOLDER, kind_of, with_line
from orchestrator.authoring.editing.names import names_of

KINDS = (
    *("campaign", "event", "measure", "persona", "policies", "profile", "segments"),
    *("senders", "survey", "template", "tests", "touchpoints", "wheel"),
)


def write_schemas(workspace: Path, *, lines: bool = False) -> tuple[int, int]:
    """Write those that are not as they should be; with `lines` also the first line of files that lack it. How many of each."""
    texts = _texts(workspace)
    changed = [name for name, text in texts.items() if _written(workspace / FOLDER / name) != text]
    (workspace / FOLDER).mkdir(exist_ok=True)
    for name in changed:
        (workspace / FOLDER / name).write_text(texts[name], encoding="utf-8")
    return len(changed), sum(map(_add_line, _files(workspace))) if lines else 0


def renew(workspace: Path) -> None:
    """Bring schemas that are there up to date; what cannot be written stays as it is."""
    if (workspace / FOLDER).is_dir():
        try:
            write_schemas(workspace)
        except (OSError, ValueError):
            return


def _texts(workspace: Path) -> dict[str, str]:
    names = names_of(workspace)
    return {f"{kind}.schema.json": json.dumps(build(kind, names), ensure_ascii=False, indent=1) + "\n" for kind in KINDS}


def _written(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _files(workspace: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(workspace.rglob("*.yaml")):
        name = path.relative_to(workspace).as_posix()
        if path.is_file() and not path.is_symlink() and kind_of(name) is not None:
            yield path, name


def _add_line(file: tuple[Path, str]) -> bool:
    path, name = file
    raw = path.read_bytes()
    mark = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    try:
        text = raw[len(mark) :].decode("utf-8")
    except UnicodeDecodeError:
        return False
    lined = with_line(name, text)
    if lined != text:
        path.write_bytes(mark + lined.encode("utf-8"))
    return lined != text
