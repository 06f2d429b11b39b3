"""`orchestrator governor`: the one process that gives workers leave to send."""

from __future__ import annotations

from orchestrator.cli.options import Brokers, Development, InputTopic, PageHost, PagePort, StoreName, store_name
from orchestrator.config import read_settings
from orchestrator.stores.kafka import require_extra


def governor(
    brokers: Brokers = "127.0.0.1:9092",
    topic: InputTopic = "events",
    name: StoreName = None,
    host: PageHost = "127.0.0.1",
    port: PagePort = 6067,
    development: Development = False,  # noqa: FBT002
) -> None:
    """Give the workers of a topic leave to send: kill switch and rates, for all of them together. Without it nothing leaves.

    Only one works at a time: the one started last, and the one before ends.
    """
    require_extra()
    from orchestrator.bootstrap.governor import GovernorOf, run_governor  # noqa: PLC0415 - it needs the extra
    from orchestrator.cli.pages import pages_at  # noqa: PLC0415

    given = GovernorOf(brokers, topic, name or store_name(topic), pages_at(host, port), development)
    run_governor(given, read_settings())
