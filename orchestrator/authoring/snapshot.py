"""A workspace as one blob, kept beside the decisions it made, so that people in flight can go on with its steps."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from orchestrator.authoring.workspace import Workspace, load_admitted

_decode = msgspec.msgpack.Decoder(dict[str, bytes]).decode


def snapshot(path: Path) -> bytes:
    """Every file of the workspace, by its path inside it."""
    files = sorted(found for found in path.rglob("*") if found.is_file() and not found.is_symlink())
    return msgspec.msgpack.encode({found.relative_to(path).as_posix(): found.read_bytes() for found in files})


def load_snapshot(content: bytes) -> Workspace:
    """The workspace that a blob holds. What was admitted stays admitted: a stricter check does not stop who is in flight."""
    with tempfile.TemporaryDirectory(prefix="workspace-") as folder:
        for name, text in _decode(content).items():
            place = Path(folder) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text)
        return load_admitted(Path(folder))
