"""A workspace over the recorded logs: every kind of meaning that their events can reach."""

from __future__ import annotations

from typing import Any

from tests.conformance.reference_cases import campaign, either, feature, mail, text

LINES = {"cdnow_sample": 700, "helpdesk": 2_500, "rees46_first3h": 8_000, "uci_online_retail": 1_000, "complete_journey": 1_400}
"""How many lines of each log are read with this workspace, which wakes every profile at midnight: some seconds each."""

SHIPPED_LINES = {
    "cdnow_sample": 1_500,
    "helpdesk": 8_000,
    "rees46_first3h": 8_000,
    "uci_online_retail": 2_000,
    "complete_journey": 5_000,
}
"""The same with the shipped workspace."""

MORE = 4
"""The slow tier reads so many times as much."""

EVENTS: dict[str, dict[str, Any]] = {
    "Order Completed": {
        "keys": {"order": "properties.order_id", "product": "properties.products[].sku"},
        "properties": {
            "type": "object",
            "properties": {
                "order_id": {"type": "string"},
                "total": {"type": "number", "minimum": 0},
                "products": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"sku": {"type": "string"}, "quantity": {"type": "number"}}},
                },
            },
        },
    },
    "Order Refunded": {"keys": {"order": "properties.order_id", "product": "properties.products[].sku"}},
    "Product Viewed": {"keys": {"product": "properties.product_id", "session": "properties.session_id"}},
    "Product Added": {"keys": {"product": "properties.product_id", "session": "properties.session_id"}},
    "Support Ticket Opened": {"keys": {"ticket": "properties.ticket_id"}},
    "Support Ticket Updated": {"keys": {"ticket": "properties.ticket_id"}},
    "Support Ticket Resolved": {"keys": {"ticket": "properties.ticket_id"}},
    "Support Ticket Closed": {"keys": {"ticket": "properties.ticket_id"}},
    "Campaign Delivered": {"keys": {"campaign": "properties.campaign_id"}},
    "Coupon Redeemed": {"keys": {"campaign": "properties.campaign_id"}},
    "Experiment Assigned": {},
    "Site Visited": {},
    "Asked For": {"keys": {"order": "properties.order_id"}},
}

_ORDER = {"event": "Order Completed"}

FILES: dict[str, Any] = {
    "wheel.yaml": {
        "start": "new",
        "stages": ["new", "looking", "customer", "regular"],
        "outside": ["away"],
        "transitions": [
            {"from": "new", "to": "looking", "on": {"event": "Product Viewed"}},
            {"from": ["new", "looking"], "to": "customer", "on": _ORDER},
            {"from": ["new", "looking"], "to": "customer", "on": {"event": "Support Ticket Opened"}},
            {"from": "customer", "to": "regular", "on": _ORDER, "if": {">=": [feature("orders"), 3]}},
            {
                "from": ["customer", "regular"],
                "to": "away",
                "on": {"without": "Order Completed", "for": "45d"},
                "if": {"==": [feature("open"), 0]},
            },
            {"from": "away", "to": "customer", "on": _ORDER, "turn": True},
        ],
    },
    "profile.yaml": {
        "traits": {"type": "object"},
        "features": {
            "orders": {"count": "Order Completed"},
            "spent": {"sum": "properties.total", "of": "Order Completed"},
            "spent_90d": {"sum": "properties.total", "of": "Order Completed", "over": "90d"},
            "biggest": {"max": "properties.total", "of": "Order Completed"},
            "usual": {"mean": "properties.total", "of": "Order Completed"},
            "last": {"last": "properties.total", "of": "Order Completed"},
            "days": {"days_since": "Order Completed"},
            "views": {"count": "Product Viewed", "over": "1d"},
            "seen": {"distinct": "product", "of": "Product Viewed"},
            "open": {"open": "Support Ticket Opened", "closed_by": "Support Ticket Closed", "key": "ticket"},
            "refunds": {"count": "Order Refunded", "over": "30d"},
        },
    },
    "segments.yaml": {
        "good": {"if": [{">": [feature("spent_90d"), 100]}, {"==": [feature("refunds"), 0]}]},
        "troubled": {"if": {">": [feature("open"), 1]}},
    },
    "policies.yaml": {
        "topics": {name: {"consent": "assumed"} for name in ("news", "offers", "care")},
        "caps": [
            {"at_most": 2, "per": "7d", "class": "marketing"},
            {"at_most": 1, "per": "1d", "channel": "sms"},
            {"at_most": 1, "per": "30d", "topic": "offers"},
        ],
        "quiet": {"sms": "20:00-09:00", "email": "23:00-05:00"},
        "holds": {
            "open": {"if": {">": [feature("open"), 0]}, "stops": ["offers"], "except": ["second"]},
            "refunded": {"if": {">": [feature("refunds"), 0]}, "stops": "marketing", "for": "3d"},
        },
        "expires": {"marketing": "24h", "transactional": "72h"},
        "trigger_max_age": "24h",
        "control_group": "5%",
        "zone": "Europe/London",
        "transactional": ["ticket"],
    },
    **{f"events/{name.lower().replace(' ', '-')}.yaml": {"event": name, **more} for name, more in EVENTS.items()},
}

CAMPAIGNS = [
    campaign(
        "thanks",
        {"event": "Order Completed", "key": "order"},
        either("thanks", expires="12h"),
        {"wait": {"for": "7d", "at": "10:00"}},
        mail("how"),
        **{"while": {"<": [feature("refunds"), 2]}},
        reentry={"after": "20d", "per": "profile"},
        exit=[{"event": "Order Refunded", "key": "order"}],
        goal={"event": "Order Completed", "within": "30d"},
    ),
    campaign("second", _ORDER, mail("second"), topic="offers", priority="high", **{"if": {"==": [feature("orders"), 2]}}),
    campaign(
        "again",
        {"without": "Order Completed", "for": "30d"},
        {
            "split": "offer",
            "arms": {"plain": {"weight": 40, "then": [mail("plain")]}, "rich": {"weight": 60, "then": [either("rich")]}},
        },
        {"wait": "10d"},
        text("last-call", expires="6h"),
        topic="offers",
        priority="low",
        holdout="20%",
        reentry={"after": "60d"},
        goal={"event": "Order Completed"},
        **{"if": {">": [feature("usual", 0), 20]}},
    ),
    campaign(
        "basket",
        {"event": "Product Added", "key": "session"},
        {"wait": "20m"},
        mail("basket", expires="1h"),
        again="restart",
        exit=[{"event": "Order Completed"}],
    ),
    campaign(
        "browse",
        {"event": "Product Viewed", "key": "product", "if": {">": [{"var": ["event.properties.price", 0]}, 100]}},
        {
            "wait_for": {"event": "Product Viewed", "key": "product", "within": "30m"},
            "then": [mail("seen-twice")],
            "else": ["exit"],
        },
        reentry={"after": "1h", "per": "profile"},
        **{"if": {">=": [feature("seen"), 2]}},
    ),
    campaign(
        "lines",
        {"event": "Order Completed", "each": "product"},
        {
            "branch": [
                {"if": {">": [{"var": ["item.quantity", 0]}, 20]}, "then": [{"wait": "14d"}, mail("refill")]},
                {"else": ["exit"]},
            ]
        },
        mail("refill-2", expires="3d"),
        reentry={"after": "30d"},
        goal={"event": "Order Completed", "key": "product", "within": "20d"},
        exit=[{"event": "Order Refunded", "key": "product"}],
    ),
    campaign("regulars", {"stage": "regular"}, mail("club"), {"emit": {"event": "Asked For"}}, **{"if": {"segment": "good"}}),
    campaign("asked", {"event": "Asked For"}, {"wait": {"at": "12:00"}}, text("asked")),
    campaign("left", {"stage": "away"}, {"wait": {"for": "1d", "at": "18:00"}}, mail("left"), goal={"stage": "customer"}),
    campaign(
        "ticket",
        {"event": "Support Ticket Opened", "key": "ticket"},
        text("received"),
        {
            "wait_for": {"event": "Support Ticket Closed", "key": "ticket", "within": "15d"},
            "then": [{"id": "n", "wait": "1d"}, mail("closed")],
            "else": [mail("still-open")],
        },
        exit=[
            {"event": "Support Ticket Resolved", "key": "ticket", "if": {"==": [{"var": "event.properties.agent"}, "Value 5"]}}
        ],
        **{"class": "transactional"},
    ),
    campaign("trouble", {"event": "Support Ticket Updated"}, mail("trouble"), topic="care", **{"if": {"segment": "troubled"}}),
    campaign(
        "coupon",
        {"event": "Campaign Delivered", "key": "campaign"},
        {
            "wait_for": {"event": "Coupon Redeemed", "key": "campaign", "within": "40d"},
            "then": [mail("redeemed")],
            "else": [mail("forgot")],
        },
        topic="offers",
    ),
    campaign("visited", {"event": "Site Visited"}, mail("visited"), goal={"event": "Order Completed", "within": "2d"}),
]
FILES |= {f"campaigns/{one['campaign']}.yaml": one for one in CAMPAIGNS}
