"""A small workspace: a cart reminder with an answer to wait for, a win-back with two arms, a hold, a cap."""

from collections.abc import Callable
from pathlib import Path

import pytest

FILES = {
    "wheel.yaml": """
start: awareness
stages: [awareness, retention, repurchase]
outside: [lost]
transitions:
  - {from: awareness, to: retention, on: {event: Order Completed}}
  - {from: retention, to: repurchase, on: {without: Order Completed, for: 90d}}
  - {from: repurchase, to: retention, on: {event: Order Completed}, turn: true}
  - {from: repurchase, to: lost, on: {without: Order Completed, for: 275d}}
""",
    "profile.yaml": """
traits: {type: object, properties: {email: {type: string}, phone: {type: string}}}
features:
  orders: {count: Order Completed}
  spent_365d: {sum: properties.total, of: Order Completed, over: 365d}
  days_since_order: {days_since: Order Completed}
  open_tickets: {open: Ticket Opened, closed_by: Ticket Closed, key: ticket}
""",
    "policies.yaml": """
topics: {reminders: {consent: asked}, offers: {consent: asked}}
holds:
  open-ticket: {if: {">": [{var: profile.features.open_tickets}, 0]}, stops: marketing}
""",
    "senders.yaml": """
shop:
  email: {from: shop@example.com, name: Shop, postal_address: "Via Roma 1"}
  sms: {from: "+390000000"}
""",
    "events/order-completed.yaml": """
event: Order Completed
keys: {cart: properties.cart_id}
properties: {type: object, required: [total], properties: {total: {type: number}, cart_id: {type: string}}}
""",
    "events/cart-updated.yaml": """
event: Cart Updated
keys: {cart: properties.cart_id}
properties: {type: object, required: [cart_id, total], properties: {total: {type: number}, cart_id: {type: string}}}
""",
    "events/ticket-opened.yaml": """
event: Ticket Opened
keys: {ticket: properties.ticket_id}
properties: {type: object, required: [ticket_id], properties: {ticket_id: {type: string}}}
""",
    "events/ticket-closed.yaml": """
event: Ticket Closed
keys: {ticket: properties.ticket_id}
properties: {type: object, required: [ticket_id], properties: {ticket_id: {type: string}}}
""",
    "campaigns/cart.yaml": """
campaign: cart
stage: awareness
topic: reminders
on: {event: Cart Updated, key: cart}
if: {">=": [{var: event.properties.total}, 50]}
reentry: always
goal: {event: Order Completed, key: cart, within: 3d, value: properties.total}
then:
  - wait: 1h
  - id: remind
    send: {template: hello, prefer: [email, sms]}
    else: [exit]
  - id: bought
    wait_for: {event: Ticket Opened, within: 1d}
    then: [exit]
  - id: again
    send: {template: again, channel: email}
""",
    "campaigns/win-back.yaml": """
campaign: win-back
stage: repurchase
topic: offers
on: {without: Order Completed, for: 90d}
if: {">=": [{var: profile.features.orders}, 1]}
holdout: 10%
goal: {event: Order Completed, within: 30d}
then:
  - split: offer
    arms:
      plain: {weight: 50, then: [{send: {template: hello, channel: email}}]}
      again: {weight: 50, then: [{send: {template: again, channel: email}}]}
""",
    "personas/regular.yaml": """
persona: regular
profile:
  user_id: regular
  stage: repurchase
  traits: {email: r@example.com}
  features: {orders: 2, days_since_order: 100, spent_365d: 80.5, open_tickets: 0}
  consent: {reminders: [email]}
""",
    "templates/hello/template.yaml": "sender: shop\nsubject: Hello\n",
    "templates/hello/email.html": "<p>Hello</p>",
    "templates/hello/email.txt": "Hello",
    "templates/hello/sms.txt": "Hello",
    "templates/again/template.yaml": "sender: shop\nsubject: Again\n",
    "templates/again/email.html": "<p>Again</p>",
    "templates/again/email.txt": "Again",
}

Make = Callable[..., Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Write the small workspace with these files on top (name → text); None leaves one out."""

    def made(files: dict[str, str | None] | None = None) -> Path:
        root = tmp_path / "workspace"
        for name, text in {**FILES, **(files or {})}.items():
            if text is not None:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
        return root

    return made
