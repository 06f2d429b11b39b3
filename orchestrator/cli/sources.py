"""Where a command that tells what happened reads it: a state file, or what workers keep in Kafka."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.options import brokers_of
from orchestrator.config import KAFKA_BROKERS
from orchestrator.errors import UsageError
from orchestrator.stores.kafka import require_extra

if TYPE_CHECKING:
    from orchestrator.stores.kafka.copies import Copies

BROKERS = "127.0.0.1:9092"

Inputs = Annotated[str | None, typer.Option("--input", help="Of workers: the topic that they decide from.", metavar="TOPIC")]
Where = Annotated[
    str,
    typer.Option(
        "--brokers", help="With --input: where Kafka is.", metavar="HOST:PORT", parser=brokers_of, envvar=KAFKA_BROKERS
    ),
]
Group = Annotated[str | None, typer.Option("--name", help="With --input: the workers' --name, where they were given one.")]


@contextmanager
def copied(topic: str, brokers: str, name: str | None) -> Iterator[Copies]:
    """Copies of the partitions that workers of this topic own."""
    require_extra()
    from orchestrator.stores.kafka.copies import copies  # noqa: PLC0415 - it needs the extra

    with copies(brokers, topic, name or f"{topic}-orchestrator") as found:
        yield found


@contextmanager
def state_files(
    state: Path | None, topic: str | None, brokers: str, name: str | None, *, journal: bool
) -> Iterator[list[Path]]:
    """The state file, or one for each partition; with `journal` also what happened there."""
    if (state is None) == (topic is None):
        message = "name either --state FILE or --input TOPIC"
        raise UsageError(message)
    if topic is None:
        assert state is not None  # noqa: S101 - one of them is given
        yield [state]
        return
    with copied(topic, brokers, name) as found:
        made = found.whole if journal else found.state
        yield [made(number) for number in range(found.partitions)]
