"""The files of a workspace, read once, from inside it only."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.authoring.document import Document, Place
from orchestrator.authoring.finding import Report, did_you_mean
from orchestrator.authoring.limits import FILE_BYTES, FILES, TABLE_BYTES
from orchestrator.authoring.parse import parse
from orchestrator.authoring.scalars import plain
from orchestrator.authoring.unreadable import Unreadable

SINGLE = ("wheel", "profile", "policies", "segments", "touchpoints", "senders")
"""Files at the top, one of each."""
FOLDERS = ("events", "campaigns", "surveys", "personas", "measures", "tests")
"""Folders with one document a file."""
OTHER = ("templates", "partials", "tables")
_DOCUMENT = (".yaml", ".json")


@dataclass(slots=True)
class Files:
    """What a workspace holds. `unreadable` names the kinds of which a file could not be read: what they say is unknown."""

    documents: dict[str, list[Document]] = field(default_factory=dict)
    """kind ("wheel", "events", …) → its files in order of name."""
    texts: dict[str, str] = field(default_factory=dict)
    """Other text files (templates, tables) by path relative to the workspace."""
    settings: dict[str, str] = field(default_factory=dict)
    """`template.yaml` files as they are written, by path: they hold texts to render."""
    written: dict[str, str] = field(default_factory=dict)
    """Every text that was read, by path."""
    unreadable: set[str] = field(default_factory=set)

    def one(self, kind: str) -> Document | None:
        found = self.documents.get(kind)
        return found[0] if found else None


def read_files(root: Path, report: Report) -> Files:
    """Read every file of the workspace; each that cannot be read gives one finding."""
    files = Files()
    real = root.resolve()
    for name in _listed(root, report):
        kind = _kind(name)
        if kind is None:
            _say_unread(name, report)
            continue
        text = _text(root, real, name, report)
        if text is not None:
            files.written[name] = text
        if text is None or not _take(files, kind, name, text, report):
            files.unreadable.add(kind)
    return files


def _listed(root: Path, report: Report) -> list[str]:
    """Paths relative to the workspace, in order; hidden files are nobody's business."""
    found = sorted(_walk(root))
    if len(found) > FILES:
        report.add("E106", Place("."), f"more than {FILES} files in one workspace", "is this the right folder?")
    return [name for name in found[:FILES] if _is_text(name, report)]


def _is_text(name: str, report: Report) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        report.add("E101", Place(name.encode("utf-8", "replace").decode()), "the name of this file is not UTF-8", "rename it")
        return False
    return True


def _walk(root: Path) -> Iterator[str]:
    known = {*FOLDERS, *OTHER}
    for folder, folders, names in os.walk(root, followlinks=False):
        inside = os.path.relpath(folder, root)
        before = "" if inside == "." else f"{inside.replace(os.sep, '/')}/"
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        linked = [name for name in folders if Path(folder, name).is_symlink()]
        if not before:
            linked = [name for name in linked if name in known]
        yield from (f"{before}{name}" for name in (*names, *linked) if not name.startswith("."))


def _kind(name: str) -> str | None:
    """Which part of the workspace a file is; None for one that nothing reads."""
    top, *below = name.split("/")
    stem, _, suffix = name.rpartition(".")
    if name in FOLDERS or name in OTHER:
        return name  # a link where a folder should be
    if not below:
        return stem if stem in SINGLE and f".{suffix}" in _DOCUMENT else None
    if top in FOLDERS:
        return top if len(below) == 1 and f".{suffix}" in _DOCUMENT else None
    return top if top in OTHER else None


def _say_unread(name: str, report: Report) -> None:
    path = Path(name)
    if len(path.parts) == 1:
        if path.suffix in (*_DOCUMENT, ".yml"):
            fix = did_you_mean(path.name, [f"{single}.yaml" for single in SINGLE])
            report.add("W101", Place(name), f"nothing reads `{name}`", fix)
    elif path.parts[0] in FOLDERS:
        stem = path.name.split(".")[0] if ".yaml." in path.name else path.stem
        report.add("W101", Place(name), f"nothing reads `{name}`", f"name it `{path.parts[0]}/{stem}.yaml`")
    else:
        fix = did_you_mean(path.parts[0], [*FOLDERS, *OTHER])
        if fix.startswith("did"):
            report.add("W101", Place(name), f"nothing reads the folder `{path.parts[0]}`", fix)


def _text(root: Path, real: Path, name: str, report: Report) -> str | None:
    place = Place(name)
    try:
        target = root / name
        status = target.lstat()
        if stat.S_ISLNK(status.st_mode):
            if not target.resolve(strict=True).is_relative_to(real):
                report.add("E104", place, "this leads to a file outside the workspace", "put the file itself here")
                return None
            status = target.stat()
        if not stat.S_ISREG(status.st_mode):
            report.add("E101", place, "this is not a plain file", "put a plain file here")
            return None
        bound = TABLE_BYTES if name.startswith("tables/") else FILE_BYTES
        if status.st_size > bound:
            report.add("E106", place, f"larger than {bound:,} bytes", "make it smaller")
            return None
        return _decoded(target.read_bytes(), place, report)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it leads to itself"
        report.add("E101", place, f"this file cannot be read: {reason}", "check that it exists and may be read")
        return None


def _decoded(raw: bytes, place: Place, report: Report) -> str | None:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        report.add("E101", place, "this file is written in UTF-16", "save it as UTF-8")
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        report.add("E101", Place(place.file, line, column), "a character that is not UTF-8", "save the file as UTF-8")
        return None


def _take(files: Files, kind: str, name: str, text: str, report: Report) -> bool:
    if kind in OTHER and not name.endswith("/template.yaml"):
        files.texts[name] = text
        return True
    try:
        if kind == "templates":
            files.settings[name] = text
        document = parse(name, text)
    except Unreadable as verdict:
        report.add(verdict.code, verdict.place, verdict.message, verdict.fix)
        return False
    for place, written in document.doubtful:
        message = f"`{written}` is the number {plain(written)} here, and another one to other readers of YAML"
        report.add("W103", place, message, f'write "{written}" if it is a text, {plain(written)} if it is a number')
    files.documents.setdefault(kind, []).append(document)
    return True
