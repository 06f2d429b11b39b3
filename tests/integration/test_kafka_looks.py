"""A message in doubt is looked for at its provider by whoever has its partition, also after the one who sent it is gone."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from orchestrator.partition.engine import home_of
from tests.integration.kafka_judge import judge
from tests.integration.listing_twilio import Twilio, by_sms, twilio_listening
from tests.integration.test_kafka_departures import states
from tests.integration.test_kafka_worker import numbers, send
from tests.integration.workers import PARTITIONS, Place, Worker, governed, until


class Mute(Twilio):
    """It takes a text and hangs up; nobody can look at its list before it is `open`."""

    open = False

    def take(self, form: dict[str, str]) -> dict[str, Any]:
        super().take(form)
        raise ConnectionAbortedError

    def list_to(self, number: str) -> list[dict[str, Any]]:
        if not self.open:
            raise ConnectionAbortedError
        return super().list_to(number)


def test_another_worker_looks_for_what_was_in_doubt_before_it_came(brokers: str, tmp_path: Path) -> None:
    place, twilio = Place(brokers, tmp_path), Mute("http://127.0.0.1:9")
    by_sms(place.workspace)
    (place.workspace / "campaigns" / "offer.yaml").unlink()
    order = {"type": "track", "event": "Order Completed", "userId": "u", "messageId": "m"}
    order |= {"properties": {"order_id": "O", "total": 1}, "context": {"traits": {"phone": "+393331234500"}}}
    asyncio.run(send(place, json.dumps(order).encode()))
    doubt = f"orchestrator_in_doubt/{home_of('u:u', PARTITIONS)}"
    with twilio_listening(twilio) as settings, governed(place):
        settings |= {"ORCHESTRATOR_PUBLIC_URL": twilio.hook}
        first = Worker(place, 0, settings=settings)
        try:
            until(lambda: numbers(first).get(doubt) == 1, "a message in doubt")
        finally:
            first.kill()
        twilio.open = True
        second = Worker(place, 1, settings=settings).ready()
        try:
            until(lambda: states(place)["receipt"][-1][0] == "accepted", "it to be found")
            assert second.terminate() == 0
        finally:
            second.kill()
    assert list(twilio.taken.values()) == [1]
    assert judge(place).wrong(["m"]) == {}
