"""`orchestrator consents`: consents that another system has collected, brought over with their proof."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer

from orchestrator.cli.door import DOOR, PATIENCE_S
from orchestrator.cli.options import Format, Output, moment_option, print_json
from orchestrator.config import read_settings
from orchestrator.domain.calendar import iso
from orchestrator.domain.chance import id_of
from orchestrator.domain.consent import CONFIRMED, GIVEN, WITHDRAWN
from orchestrator.errors import OrchestratorError, UsageError

_COLUMNS = ("user_id", "anonymous_id", "topic", "channel", "given", "at", "source", "text")
_WORDS = {"yes": GIVEN, "true": GIVEN, "1": GIVEN, "no": WITHDRAWN, "false": WITHDRAWN, "0": WITHDRAWN, "confirmed": CONFIRMED}
_BATCH = 500
"""Events in one request."""
_OK = 200
_SHOWN = 5
"""Wrong lines of a file that are told."""


def consents(
    file: Annotated[Path, typer.Argument(help=f"CSV with the columns {', '.join(_COLUMNS)}.", metavar="FILE")],
    door: Annotated[str, typer.Option(help="Where `serve` or `intake` listens.", metavar="URL")] = DOOR,
    out: Annotated[
        Path | None, typer.Option(help="Write the events into this file instead (JSON Lines).", metavar="FILE")
    ] = None,
    output: Output = Format.text,
) -> None:
    """Bring over consents as events of their customers: `given` is yes, no or confirmed, `at` when it was said.

    Brought over again, each is still one event. What was said longer ago than `trigger_max_age` starts no campaign.
    """
    events = _events(file)
    if out is not None:
        out.write_text("".join(json.dumps(event, ensure_ascii=False) + "\n" for event in events), encoding="utf-8")
        told: dict[str, Any] = {"events": len(events)}
    else:
        told = asyncio.run(_sent(events, door))
    if output is Format.json:
        print_json(told)
    else:
        typer.echo(", ".join(f"{number:,} {name}" for name, number in told.items()))


def _events(path: Path) -> list[dict[str, Any]]:
    """The file's lines as events; UsageError tells those that are wrong, and then nothing is sent."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines)
            missing = sorted({"topic", "at"} - set(rows.fieldnames or ())) or sorted(set(rows.fieldnames or ()) - set(_COLUMNS))
            if missing:
                raise UsageError(
                    f"{path}: its first line names the columns {', '.join(_COLUMNS)}; look at {', '.join(missing)}"
                )
            found, wrong = list[dict[str, Any]](), list[str]()
            for row in rows:
                try:
                    found.append(_event({name: (row.get(name) or "").strip() for name in _COLUMNS}))
                except UsageError as error:
                    wrong.append(f"line {rows.line_num}: {error}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read as CSV in UTF-8 ({error})") from error
    if wrong:
        more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
        raise UsageError(f"{path}: nothing was sent. " + "; ".join(wrong[:_SHOWN]) + more)
    return found


def _event(row: dict[str, str]) -> dict[str, Any]:
    name = _WORDS.get(row["given"].lower() or "yes")
    at = moment_option(row["at"] or None, "at")
    if not (row["user_id"] or row["anonymous_id"]) or not row["topic"]:
        raise UsageError("it names no customer, or no topic")
    if name is None:
        raise UsageError(f"given {row['given']}: write yes, no or confirmed")
    if at is None:
        raise UsageError("at: say when it was said")
    who = {"userId": row["user_id"]} if row["user_id"] else {"anonymousId": row["anonymous_id"]}
    proof = {name: row[name] for name in ("topic", "channel", "source", "text") if row[name]}
    ident = "consent-" + id_of(*row.values(), str(at))
    return {"type": "track", "event": name, "messageId": ident, **who, "timestamp": iso(at), "properties": proof}


async def _sent(events: Sequence[dict[str, Any]], door: str) -> dict[str, int]:
    """Send them in batches; what `serve` made of them."""
    keys = list(read_settings().keys.values())
    headers = {"Authorization": aiohttp.BasicAuth(keys[0], "").encode()} if keys else {}
    told = {"accepted": 0, "duplicates": 0, "rejected": 0}
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_S), headers=headers) as session:
            for batch in _batches(events):
                async with session.post(f"{door}/v1/batch", json={"batch": batch}) as response:
                    answer = await response.json()
                    if response.status != _OK:
                        done = sum(told.values())
                        raise OrchestratorError(
                            f"{door} answered {response.status} after {done} events: {answer.get('message')}"
                        )
                    for name in told:
                        told[name] += len(answer[name]) if isinstance(answer[name], list) else answer[name]
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        message = f"{door}: {type(error).__name__}; is `orchestrator serve` running? name its address by --door"
        raise OrchestratorError(message) from error
    return told


def _batches(events: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for first in range(0, len(events), _BATCH):
        yield events[first : first + _BATCH]
