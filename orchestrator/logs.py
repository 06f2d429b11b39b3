"""What processes say while they work: a line of text, or one JSON object a line. Nothing in it names or describes a person.

Python's own `logging` carries it, because uvicorn, aiokafka and Faust speak through that anyway. Beside its words a record may
have the fields below, given as `extra`. Of an exception its type and its place are told, never its words: they may quote what
somebody has sent.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from types import TracebackType
from typing import Literal

from orchestrator.errors import OrchestratorError, RejectedEvent

Form = Literal["text", "json"]
FIELDS = ("campaign", "channel", "message_id", "trace_id", "seq", "error")
"""What a record may say beside its words; `error` is a code or a type."""
_VOICE = "orchestrator.voice"
"""What is told to whoever started the process: plain lines where it writes text."""
_LIBRARIES = "asyncio"
"""It puts whole exceptions into its words, from the second line on."""
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _Bare(str):
    """Stands for an exception in a message, however that formats it."""

    __slots__ = ()
    __repr__ = str.__str__


def _bare(error: BaseException) -> BaseException | _Bare:
    """The exception where its words are ours or the brokers', else its type."""
    ours = isinstance(error, OrchestratorError) and not isinstance(error, RejectedEvent)
    return error if ours or type(error).__module__.startswith("aiokafka.") else _Bare(type(error).__qualname__)


class _Told(logging.Formatter):
    """What both forms agree on."""

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802 - its name in the library
        kind, _, trace = ei
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]
        return "\n".join(["" if kind is None else f"{kind.__module__}.{kind.__qualname__}", *reversed(places)])

    def words(self, record: logging.LogRecord) -> str:
        """The message, without what a library quotes in it."""
        told = str(record.msg)
        if isinstance(record.args, tuple) and record.args:
            told %= tuple(_bare(one) if isinstance(one, BaseException) else one for one in record.args)
        return told.partition("\n")[0] if record.name == _LIBRARIES else told

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        """What it says beside."""
        found = {name: value for name in FIELDS if (value := getattr(record, name, None)) not in (None, "")}
        if record.exc_info and record.exc_info[0] is not None:
            found.setdefault("error", record.exc_info[0].__qualname__)
        return found


class _Text(_Told):
    def format(self, record: logging.LogRecord) -> str:
        fields = " ".join(f"{name}={value}" for name, value in self.fields(record).items())
        told = " ".join(part for part in (self.words(record), fields) if part)
        return f"{told}\n{self.formatException(record.exc_info)}" if record.exc_info else told


class _Json(_Told):
    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self.words(record),
            **self.fields(record),
        }
        if record.exc_info:
            told["at"] = self.formatException(record.exc_info).split("\n")
        return json.dumps(told, ensure_ascii=False, default=str)


def begin(form: Form) -> None:
    """Log in that form, warnings and worse, on standard error; what would end the process with its words is logged too."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if form == "json" else _Text())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger(_VOICE).setLevel(logging.INFO)
    sys.excepthook = _ended


def say(line: str) -> None:
    """Tell whoever started the process."""
    voice = logging.getLogger(_VOICE)
    if not logging.root.handlers:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - nobody has said how to log
    else:
        voice.info("%s", line)


def _ended(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger(_VOICE).critical("the process ends by a fault of its own", exc_info=(kind, error, trace))
