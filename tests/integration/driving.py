"""The `main` of what kills processes for minutes: options of the command line, a folder, figures, an exit code."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from orchestrator.stores.kafka import broker
from orchestrator.stores.kafka.broker import Broker

Default = float | str | tuple[str, ...]
"""Of an option: a number or a text; of several texts the first, and no other than these."""


def drive(about: str | None, run: Callable[..., dict[str, object]], **options: Default) -> int:
    """Call `run(folder, **options)` and print what it gives and how long it took; 1 where its `wrong` says something."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="keep the files here; a temporary folder by default")
    for name, default in options.items():
        first, choices = (default[0], default) if isinstance(default, tuple) else (default, None)
        parser.add_argument(f"--{name}", type=type(first), default=first, choices=choices, help="%(default)s by default")
    given: dict[str, Any] = vars(parser.parse_args())
    kept, began = given.pop("folder"), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="driven-") as temporary:
        folder = kept or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        figures = run(folder, **given)
    told = {**figures, "seconds": round(time.monotonic() - began, 1)}
    sys.stdout.write(json.dumps(msgspec.to_builtins(told), indent=2) + "\n")
    return 1 if figures["wrong"] else 0


@contextmanager
def lone_broker(folder: Path, port: int = 0) -> Iterator[Broker]:
    """A broker of one's own in this folder, which may be killed and started again there."""
    running, _ = broker.start(folder, port)
    try:
        yield running
    finally:
        broker.stop(folder)
