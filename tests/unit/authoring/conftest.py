"""A small workspace that passes the check, to change one thing in it at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

BASE = {
    "wheel.yaml": """\
        start: interest
        stages: [interest, retention]
        outside: [lost]
        transitions:
          - {from: interest, to: retention, on: {event: Order Completed}}
          - {from: retention, to: lost, on: {without: Order Completed, for: 90d}}
        """,
    "profile.yaml": """\
        traits:
          type: object
          properties:
            email: {type: string}
            first_name: {type: string}
            plan: {enum: [free, business]}
            notes: {type: object}
            birthday: {type: string, format: date}
        features:
          orders: {count: Order Completed}
          spent: {sum: properties.total, of: Order Completed, over: 30d}
          bought: {values: product, of: Order Completed, at_most: 5}
          open_tickets: {open: Ticket Opened, closed_by: Ticket Closed, key: ticket}
        """,
    "policies.yaml": """\
        topics: {news: {consent: asked}, offers: {consent: assumed}}
        caps: [{at_most: 3, per: 7d, class: marketing}]
        quiet: {sms: "21:00-09:00", email: none}
        holds:
          ticket: {if: {">": [{var: profile.features.open_tickets}, 0]}, stops: marketing, except: [thanks]}
        transactional: [receipt, care]
        zone: Europe/Rome
        """,
    "segments.yaml": """\
        buyers: {if: {">": [{var: profile.features.orders}, 0]}}
        """,
    "senders.yaml": """\
        shop: {email: {from: a@shop.example, name: Shop}, sms: {from: "+15005550006"}}
        desk: {task: {}}
        codes: {webhook: {url: "https://hooks.shop.example/codes", secret: "env:CODES", sample: {code: TEN}}}
        """,
    "events/order-completed.yaml": """\
        event: Order Completed
        keys: {order: properties.order_id, product: "properties.products[].product_id"}
        properties:
          type: object
          required: [order_id, total]
          properties:
            order_id: {type: string}
            total: {type: number}
            kind: {enum: [web, shop]}
            products:
              type: array
              items: {type: object, properties: {product_id: {type: string}, quantity: {type: integer}}}
        sample: {order_id: O-1, total: 10}
        """,
    "events/order-refunded.yaml": """\
        event: Order Refunded
        keys: {order: properties.order_id}
        properties: {type: object, required: [order_id], properties: {order_id: {type: string}}}
        """,
    "events/survey-answered.yaml": """\
        event: Survey Answered
        properties: {type: object, required: [score], properties: {score: {type: integer}}}
        """,
    "events/ticket-opened.yaml": "event: Ticket Opened\nkeys: {ticket: properties.ticket_id}\n",
    "events/ticket-closed.yaml": "event: Ticket Closed\nkeys: {ticket: properties.ticket_id}\n",
    "events/ticket-noted.yaml": "event: Ticket Noted\n",
    "tables/products.csv": "product_id,name,days\nP-1,Tea,30\nP-2,Coffee,\n",
    "templates/thanks/template.yaml": "sender: shop\nsubject: Thanks {{ profile.traits.first_name | default('you') }}\n",
    "templates/thanks/email.txt": "Your order {{ event.properties.order_id }}\n{{ unsubscribe_url }}\n",
    "templates/thanks/sms.txt": "Thanks\n",
    "templates/thanks/it/email.txt": "Il tuo ordine {{ event.properties.order_id }}\n{{ unsubscribe_url }}\n",
    "templates/coupon/template.yaml": "sender: shop\nsubject: For you\ninputs: {code: {type: string}}\n",
    "templates/coupon/email.html": "<p>{{ code }}</p>\n<p>{{ unsubscribe_url }}</p>\n",
    "personas/anna.yaml": """\
        persona: anna
        if: {">=": [{var: profile.features.orders}, 1]}
        profile: {user_id: anna, stage: retention, traits: {plan: free}, features: {orders: 2}, consent: {news: [email]}}
        """,
    "tests/a.yaml": """\
        - test: an order is thanked for
          profile: anna
          given: [{at: "2026-03-02T09:30:00Z", event: Order Completed, properties: {order_id: O-1, total: 60}}]
          expect: {sends: [{campaign: receipt, template: thanks, channel: email}]}
        """,
    "touchpoints.yaml": "shop: {stage: retention, channel: web, events: [Order Completed]}\n",
    "campaigns/receipt.yaml": """\
        campaign: receipt
        stage: retention
        class: transactional
        on: {event: Order Completed}
        reentry: always
        then:
          - send: {template: thanks, channel: email}
        """,
    "campaigns/care.yaml": """\
        campaign: care
        stage: retention
        class: transactional
        on: {event: Ticket Opened, key: ticket}
        reentry: always
        then:
          - task: {queue: desk, title: Call, due: 1d}
          - emit: {event: Ticket Noted}
        """,
    "campaigns/thanks.yaml": """\
        campaign: thanks
        stage: retention
        topic: news
        on: {event: Order Completed, key: order}
        if:
          - {">=": [{var: event.properties.total}, 50]}
        goal: {event: Order Completed, within: 30d, value: properties.total}
        exit: [{event: Order Refunded, key: order}]
        then:
          - wait: 1d
          - id: ask
            send: {template: thanks, prefer: [email, sms], expires: 6h}
            else: [exit]
          - wait_for: {event: Survey Answered, of: ask, within: 7d}
            then:
              - branch:
                  - if: {"<=": [{var: event.properties.score}, 2]}
                    then: [{send: {template: coupon, channel: email, with: {code: TEN}}}]
                  - else: [exit]
          - split: touch
            arms:
              plain: {weight: 50}
              special: {weight: 50, then: [{set: {traits.plan: free}}]}
          - move_to: lost
        """,
}


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Writes the small workspace with files replaced or added; None leaves a file out."""

    def write(changed: dict[str, str | None] | None = None) -> Path:
        for name, text in {**BASE, **(changed or {})}.items():
            if text is not None:
                path = tmp_path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(dedent(text), encoding="utf-8", newline="")
        return tmp_path

    return write


@pytest.fixture
def base() -> dict[str, str]:
    """The small workspace's files, dedented."""
    return {name: dedent(text) for name, text in BASE.items()}
