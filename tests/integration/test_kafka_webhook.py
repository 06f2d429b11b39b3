"""A webhook asked by a worker: whom it asks, and with which secret, is the workspace's that is live in the partition."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from tests.integration.test_calls_and_tasks import KEY, codes, workspace
from tests.integration.workers import Place, Worker, governed, sent, until


async def _produce(place: Place, *events: dict[str, Any]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=place.brokers)
    await producer.start()
    for event in events:
        await producer.send_and_wait(place.topic, json.dumps(event).encode(), key=b"u:ada")
    await producer.stop()


def test_a_worker_asks_whom_its_workspace_names(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path / "place")
    secret = f"whsec_{base64.b64encode(KEY).decode()}"
    with codes() as (url, asked), governed(place):
        workspace(place.workspace, url)
        refused = Worker(place, 0, settings={"ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE": "true"})
        assert refused.process.wait(60) == 2
        assert "CODES" in refused.said()
        worker = Worker(place, 0, settings={"ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE": "true", "CODES": secret})
        try:
            worker.ready()
            who = {"type": "identify", "messageId": "m-1", "userId": "ada", "traits": {"email": "ada@shop.example"}}
            bought = {"type": "track", "event": "Order Completed", "messageId": "m-2", "userId": "ada"}
            asyncio.run(_produce(place, who, {**bought, "properties": {"order_id": "O-2", "total": 5}}))
            until(lambda: any("Your gift G-7" in json.dumps(one) for one in sent(place)), "the gift")
        finally:
            worker.kill()
    assert [body for _, body in asked] == [b'{"order":"O-2"}'] * 2
    assert all("webhook-signature" in headers for headers, _ in asked)
