"""What intake, worker and governor tell operators while everything goes wrong: no word of a customer's is in it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from orchestrator.tracing import DECIDE, EVENT, SEND, WAKE, event_place
from tests.integration.canaries import CANARY, emitted, mail_server, workspace
from tests.integration.otlp import receiver
from tests.integration.serving import until
from tests.integration.test_calls_and_tasks import codes
from tests.integration.test_kafka_worker import send
from tests.integration.workers import Intake, Place, Worker, governed

WRONG = ("reject render", "suppress 5.1.1", "reject 5.7.1")
ORDER = f"ok-{CANARY}-0-o"


def test_no_word_of_a_customers_is_told(brokers: str, tmp_path: Path) -> None:
    place = Place(brokers, tmp_path / "place")
    with mail_server() as settings, receiver() as received, codes() as (url, asked):
        place.workspace = workspace(tmp_path / "workspace", url)
        given = {**settings, "ORCHESTRATOR_LOG": "json", "OTEL_EXPORTER_OTLP_ENDPOINT": received.url}
        given |= {"ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE": "true", "OTEL_BSP_SCHEDULE_DELAY": "200"}
        with governed(place, ORCHESTRATOR_LOG="json") as governor:
            worker, intake = Worker(place, 0, settings=given).ready(), Intake(place, settings=given).listens()
            try:
                assert intake.post(emitted())[0] == 200
                asyncio.run(send(place, f'{{"{CANARY}'.encode(), json.dumps({"type": CANARY, "userId": CANARY}).encode()))
                until(lambda: all(error in worker.said() for error in WRONG), "every refusal to be logged")
                until(lambda: len([one for one in received.spans() if one.name == SEND]) >= 10, "the messages to be traced")
                pages = [part.page("metrics")[1] for part in (worker, intake, governor)]
                assert [worker.terminate(), intake.terminate()] == [0, 0]
            finally:
                worker.kill()
                intake.kill()
    logs = [part.said() for part in (worker, intake, governor)]
    assert [told for told in (*logs, *pages) if CANARY in told.lower()] == []
    assert not any(CANARY.encode() in body.lower() for body in received.bodies)
    assert any(CANARY.encode() in body for _, body in asked)
    assert all(json.loads(line)["event"] for log in logs for line in log.splitlines())
    spans = {(one.name, int.from_bytes(one.trace_id, "big")): one for one in received.spans()}
    trace, decided = event_place(DECIDE, ORDER)
    assert spans[DECIDE, trace].parent_span_id == spans[EVENT, trace].span_id  # told of by two processes
    links = {int.from_bytes(link.span_id, "big") for (name, _), one in spans.items() if name == WAKE for link in one.links}
    assert decided in links
