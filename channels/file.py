"""A folder instead of a provider, for trying things: one JSON line a message in `CHANNEL.jsonl`, and the email as `.eml`.

Settings: `folder`; `eml` (true: also write `email/MESSAGE_ID.eml`), `durable` (true: a message is on disk before it counts as
accepted).
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from channels.letter import letter_bytes, letter_of
from channels.limits import RETRY_DEFAULT_MS
from channels.settings import Settings
from orchestrator.delivery.channel import RUN_OUT, Accepted, Answer, NotSent, Refused, RenderedMessage

_CHANNEL = re.compile("[a-z][a-z0-9_]{0,31}")
_PASSING = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENFILE, errno.EINTR, errno.EAGAIN, errno.ENOMEM}
"""Faults of a disk that may pass; the others are a matter of settings."""


class FileChannel:
    """Every channel, into files. Whatever can be written is accepted, whoever it is addressed to."""

    def __init__(self, settings: Mapping[str, Any], session: aiohttp.ClientSession) -> None:
        del session
        found = Settings("file", settings)
        folder = found.values.get("folder")
        self._folder = folder if isinstance(folder, Path) else Path(found.text("folder"))
        self._eml = found.flag("eml", default=True)
        self._durable = found.flag("durable", default=True)
        self._one_at_a_time = threading.Lock()

    async def send(self, message: RenderedMessage) -> Answer:
        """Write one message, in a thread: a disk may be slow. A cancelled send is still written whole or not at all."""
        if not _CHANNEL.fullmatch(message.channel):
            return Refused("config", "channel", "a channel's name is lower-case letters, digits and underscores")
        try:
            if not await asyncio.to_thread(self._write, message):
                return NotSent(RETRY_DEFAULT_MS, RUN_OUT)
        except OSError as failure:
            name = errno.errorcode.get(failure.errno or 0, "OSError")
            return NotSent(RETRY_DEFAULT_MS, name) if failure.errno in _PASSING else Refused("config", name, "writing the file")
        return Accepted(message.message_id)

    def _write(self, message: RenderedMessage) -> bool:
        """Write it, unless its leave ran out while others were written."""
        line = json.dumps({one.name: getattr(message, one.name) for one in fields(message) if one.name != "leave"}) + "\n"
        letter = letter_of(message) if self._eml and message.channel == "email" else None
        with self._one_at_a_time:
            if not message.leave():
                return False
            self._folder.mkdir(parents=True, exist_ok=True)
            if letter is not None and not isinstance(letter, Refused):
                self._write_eml(message.message_id, letter_bytes(letter))
            self._append(self._folder / f"{message.channel}.jsonl", line.encode())
            return True

    def _write_eml(self, message_id: str, content: bytes) -> None:
        folder = self._folder / "email"
        folder.mkdir(exist_ok=True)
        (folder / f"{quote(message_id, safe='')}.eml").write_bytes(content)

    def _append(self, path: Path, line: bytes) -> None:
        """Append the line whole or leave the file as it was."""
        with path.open("ab", buffering=0) as file:
            before = file.seek(0, os.SEEK_END)
            try:
                written = 0
                while written < len(line):
                    written += file.write(line[written:])
                if self._durable:
                    os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(before)
                raise
        if self._durable and before == 0:
            _sync_folder(self._folder)


def _sync_folder(folder: Path) -> None:
    """A new file's name is durable only with its folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
