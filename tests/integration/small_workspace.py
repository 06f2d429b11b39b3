"""A small workspace with waits of seconds, for tests that run real processes."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

_FILES = {
    "wheel.yaml": """\
        start: interest
        stages: [interest, retention]
        outside: [lost]
        transitions:
          - {from: interest, to: retention, on: {event: Order Completed}}
          - {from: retention, to: lost, on: {without: Order Completed, for: 90d}}
        """,
    "profile.yaml": """\
        traits: {type: object, properties: {email: {type: string}, first_name: {type: string}}}
        features:
          orders: {count: Order Completed}
          spent: {sum: properties.total, of: Order Completed, over: 30d}
        """,
    "policies.yaml": """\
        topics: {news: {consent: asked}, offers: {consent: assumed}}
        caps: [{at_most: 1000, per: 1d, class: marketing}]
        transactional: [receipt]
        breaker: none
        """,
    "senders.yaml": "shop: {email: {from: a@shop.example, name: Shop, postal_address: 'Shop, Milan'}}\n",
    "events/order-completed.yaml": """\
        event: Order Completed
        keys: {order: properties.order_id}
        properties: {type: object, required: [order_id, total], properties: {order_id: {type: string}, total: {type: number}}}
        sample: {order_id: O-1, total: 10}
        """,
    "events/order-paid.yaml": """\
        event: Order Paid
        keys: {order: properties.order_id}
        properties: {type: object, required: [order_id], properties: {order_id: {type: string}}}
        sample: {order_id: O-1}
        """,
    "events/letter-wanted.yaml": "event: Letter Wanted\nsample: {}\n",
    "events/course-begun.yaml": "event: Course Begun\nsample: {}\n",
    "events/reminded.yaml": "event: Reminded\nkeys: {order: properties.order_id}\nsample: {order_id: O-1}\n",
    "campaigns/receipt.yaml": """\
        # At once, and again when it is paid.
        campaign: receipt
        stage: retention
        class: transactional
        reentry: always
        on: {event: Order Completed, key: order}
        then:
          - send: {template: receipt, channel: email}
          - id: paid
            wait_for: {event: Order Paid, key: order, within: 1h}
            else: [exit]
          - id: soon
            wait: 1s
          - emit: {event: Reminded, properties: {order_id: {var: event.properties.order_id}}}
        """,
    "campaigns/offer.yaml": """\
        # A moment after an order: something else to like.
        campaign: offer
        stage: retention
        topic: offers
        reentry: always
        on: {event: Order Completed, key: order}
        then:
          - id: moment
            wait: 1s
          - send: {template: offer, channel: email}
          - id: another
            wait: 2s
          - send: {template: offer-again, channel: email}
        """,
    "campaigns/letter.yaml": """\
        # Only for those who have said yes to it.
        campaign: letter
        stage: interest
        topic: news
        reentry: always
        on: {event: Letter Wanted}
        then:
          - send: {template: letter, channel: email}
        """,
    "campaigns/course.yaml": """\
        # People stay between these steps while the workspace changes.
        campaign: course
        stage: interest
        topic: offers
        reentry: always
        on: {event: Course Begun}
        then:
          - id: first-pause
            wait: 4s
          - send: {template: FIRST, channel: email}
        """,
}
_TEMPLATES = {
    "receipt": "Your order {{ event.properties.order_id }}",
    "offer": "Something you may like",
    "offer-again": "Still there",
    "letter": "The news",
    "lesson-old": "The old lesson",
    "lesson-new": "The new lesson",
}


def write_workspace(folder: Path, lesson: str = "lesson-old") -> Path:
    """Write the workspace; `lesson` is the template of the course's only message."""
    for name, text in _FILES.items():
        _write(folder / name, dedent(text).replace("FIRST", lesson))
    for name, text in _TEMPLATES.items():
        _write(folder / "templates" / name / "template.yaml", f"sender: shop\nsubject: {name}\n")
        _write(folder / "templates" / name / "email.txt", text + "\n")
    return folder


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
