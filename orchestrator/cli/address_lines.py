"""Words about addresses as their authors write them: by options, or as the lines of a CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, get_args

from orchestrator.cli.options import moment_option
from orchestrator.domain.suppression import IMPORT, OPERATOR, TOPIC, Kind, Word, channel_of, hashed, is_scope
from orchestrator.errors import UsageError

_COLUMNS = ("address", "channel", "kind", "scope", "reason", "since")
_DELIMITERS = (",", ";", "\t")
"""What stands between columns; Excel writes a semicolon where the comma is in numbers."""
Topics = Callable[[], Collection[str] | None]
"""Finds the topics of the live program; None where no program is known."""


@dataclass(frozen=True, slots=True)
class Said:
    """A word as its author wrote it."""

    address: str
    channel: str = ""
    kind: str = "imported"
    scope: str = ""
    reason: str = ""
    at: int = 0
    on: bool = True
    source: str = OPERATOR

    def word(self, key: bytes) -> Word:
        """The same without the address."""
        channel = channel_given(self.address, self.channel)
        hidden = hashed(key, channel, self.address)
        return Word(hidden, channel, self.kind, self.scope, self.at, self.source, self.reason, self.on)


class Wrong(NamedTuple):
    """A line that was refused, and why."""

    line: int
    why: str


def channel_given(address: str, channel: str = "") -> str:
    """The address's channel; UsageError where it cannot be an address, or not one of the channel that is named."""
    looks = channel_of(address)
    if channel not in ("", "email", "sms"):
        return channel
    if looks is None:
        raise UsageError(f"{address}: not an address; write an email as name@host, a number as + and country code")
    if channel and channel != looks:
        raise UsageError(
            f"{address}: looks like an address of {looks}, and --channel or its column says {channel}; leave that out"
        )
    return looks


def kind_given(text: str) -> str:
    """The kind, if there is one of that name."""
    if text not in get_args(Kind):
        raise UsageError(f"--kind {text}: it is one of {', '.join(get_args(Kind))}")
    return text


def scope_given(text: str, topics: Topics) -> str:
    """The scope, if it is one and names a topic that there is."""
    if text and not is_scope(text):
        raise UsageError(f"--scope {text}: write all, marketing, topic:NAME or sender:ADDRESS")
    name, known = text.removeprefix(TOPIC), topics() if text.startswith(TOPIC) else None
    if known is not None and name not in known:
        from orchestrator.authoring.finding import did_you_mean  # noqa: PLC0415 - it takes longer than most commands

        raise UsageError(f"--scope {text}: the live program has no topic {name}; {did_you_mean(name, known)}".rstrip("; "))
    return text


def read_lines(path: Path, usual: Said, topics: Topics) -> tuple[list[Said], list[Wrong]]:
    """The file's lines, and those that are wrong; UsageError where it cannot be read or its columns are not known."""
    found: list[Said] = []
    wrong: list[Wrong] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            head = lines.readline()
            lines.seek(0)
            rows = csv.DictReader(lines, delimiter=max(_DELIMITERS, key=head.count))
            _look_at_columns(path, rows.fieldnames or ())
            for row in rows:
                try:
                    found.append(_line(row, usual, topics))
                except UsageError as error:
                    wrong.append(Wrong(rows.line_num, str(error)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read as CSV in UTF-8 ({error})") from error
    return found, wrong


def _look_at_columns(path: Path, names: Collection[str]) -> None:
    unknown = [name for name in names if name not in _COLUMNS]
    if "address" in names and not unknown:
        return
    lacks = "" if "address" in names else "; there is no column address"
    more = f"; {', '.join(unknown)} is none of them" if unknown else ""
    columns = f"address, and any of {', '.join(_COLUMNS[1:])}"
    raise UsageError(f"{path}: nothing was imported. The first line names the columns: {columns}{lacks}{more}")


def _line(row: dict[str, Any], usual: Said, topics: Topics) -> Said:
    given = {name: (row.get(name) or "").strip() for name in _COLUMNS}
    if not given["address"]:
        raise UsageError("there is no address in it")
    since = moment_option(given["since"] or None, "since")
    channel = given["channel"] or usual.channel
    return Said(
        given["address"],
        channel_given(given["address"], channel),
        kind_given(given["kind"] or usual.kind),
        scope_given(given["scope"] or usual.scope, topics),
        given["reason"] or usual.reason,
        since if since is not None else usual.at,
        source=IMPORT,
    )
