"""What `serve` tells a real Prometheus: every panel of the shipped dashboards has an answer, and every alert can be judged."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.integration.prometheus import ON_KAFKA, Prometheus, asked, lint, names_asked, prometheus
from tests.integration.serving import Serve, identify, order, serving, track
from tests.integration.small_workspace import write_workspace

_ASKING = """\
campaign: asking
stage: interest
class: transactional
reentry: always
alarm: {triggers: {at_least: 5, per: 1d}}
on: {event: Course Begun}
then:
  - webhook: {to: inside, send: {code: 1}, within: 5m}
    else: [exit]
"""
OLD = "2020-01-01T00:00:00Z"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """With a campaign that asks where it may not, and which its author expects to be heard of."""
    folder = write_workspace(tmp_path / "workspace")
    (folder / "campaigns/asking.yaml").write_text(_ASKING, encoding="utf-8")
    policies, senders = folder / "policies.yaml", folder / "senders.yaml"
    transactional = policies.read_text(encoding="utf-8").replace("[receipt]", "[receipt, asking]")
    policies.write_text(transactional, encoding="utf-8")
    inside = 'inside: {webhook: {url: "https://127.0.0.1:9/"}}\n'
    senders.write_text(senders.read_text(encoding="utf-8") + inside, encoding="utf-8")
    return folder


def listening_keys() -> dict[str, str]:
    """The door of a provider's word, which nobody here signs; nothing leaves by that provider."""
    public = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    key = b64encode(public).decode()
    given = {"ORCHESTRATOR_SENDGRID_API_KEY": "SG.unused", "ORCHESTRATOR_SENDGRID_WEBHOOK_KEYS": key}
    return {"ORCHESTRATOR_SMS": "sendgrid", **given}


def lives(life: Serve, turn: int) -> None:
    """Everything that the panels tell of, once more."""
    user = f"u{turn}"
    old = order(f"old-{turn}", user) | {"timestamp": OLD}
    wanted = track(f"l-{turn}", user, "Letter Wanted")
    life.post([identify(f"i-{turn}", user), order(f"o-{turn}", user), wanted, old, track(f"c-{turn}", user, "Course Begun")])
    life.post([track(f"w-{turn}", user, "Order Completed", order_id=7)])
    assert httpx.post(f"{life.url()}/v1/receipts/sendgrid", content=b"[]").status_code == 403


def test_every_panel_and_every_alert_finds_its_metrics_in_a_live_scrape(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    embedded = [one for one in asked() if one.row != ON_KAFKA]
    with serving(workspace, tmp_path / "state/state.sqlite", **listening_keys()) as life:
        where = str(life.url()).removeprefix("http://")
        with prometheus(tmp_path, {"shop-embedded-0": where}) as running:
            turns = iter(range(10_000))
            assert running.unheard(embedded, lambda: lives(life, next(turns))) == []
            _it_is_whole(running, life)


def _it_is_whole(running: Prometheus, life: Serve) -> None:
    scraped, page = running.names(), life.page("metrics")
    assert names_asked() - scraped == set(_on_kafka())
    only = 'orchestrator_campaign_errors_total{campaign="asking", reason="call_refused"} > 0'
    assert running.get("query", query=only)["result"]
    assert running.get("query", query='orchestrator_campaign_suppressed_total{campaign="letter", reason="consent"} > 0')[
        "result"
    ]
    assert running.get("query", query='orchestrator_campaign_not_entered_total{reason="age"} > 0')["result"]
    rules = running.get("rules")["groups"][0]["rules"]
    assert [rule["name"] for rule in rules if rule["health"] != "ok"] == []
    assert lint(page) == ""


def _on_kafka() -> set[str]:
    """What only the processes on Kafka have to tell."""
    return {f"orchestrator_{name}" for name in ("governor_answers", "rebalances_total", "restored_ratio", "rejected_total")} | {
        f"orchestrator_{name}" for name in ("fenced_total", "opened_again_total", "unacknowledged_bytes")
    }
