"""Each code of the check, at the character where the author must type: `¦` marks it in what is written."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import CODES, Finding, check, examine

Written = Callable[..., Path]
THANKS, RECEIPT, WHEEL, PROFILE = "campaigns/thanks.yaml", "campaigns/receipt.yaml", "wheel.yaml", "profile.yaml"
POLICIES, ORDER, TEXT = "policies.yaml", "events/order-completed.yaml", "templates/thanks/email.txt"
LAST = "  - move_to: lost\n"
EXIT = "exit: [{event: Order Refunded, key: order}]"
IF = '{">=": [{var: event.properties.total}, 50]}'
MARKED = IF.replace('"', '¦"', 1)

WITH_CODE = "  - webhook: {to: codes, save: coupon}\n  - branch: [{if: %s, then: [exit]}]\n"

REPLACED: list[tuple[str, str, str, str]] = [
    ("E102", THANKS, IF, "{¦>=: [{var: event.properties.total}, 50]}"),
    ("E102", THANKS, IF, "{¦!=: [{var: event.properties.total}, 50]}"),
    ("E102", THANKS, IF, "{¦!: {var: event.properties.total}}"),
    ("E102", THANKS, "    else: [exit]\n", "¦\telse: [exit]\n"),
    ("E103", THANKS, "topic: news", "topic: news\n¦topic: offers"),
    ("E106", THANKS, "topic: news", "topic: " + "[" * 80 + "¦[" + "]" * 81),
    ("E201", THANKS, "topic: news", "¦topik: news"),
    ("E201", THANKS, "template: thanks, prefer", "¦tempalte: thanks, prefer"),
    ("E202", THANKS, LAST, "  - ¦id: x\n"),
    (
        "E202",
        WHEEL,
        "{from: interest, to: retention, on:",
        "{from: interest, to: retention, ¦on: {}}\n  - {from: interest, to: retention, on:",
    ),
    ("E203", THANKS, "topic: news", "topic: ¦[news]"),
    ("E203", THANKS, LAST, "  - ¦exitt\n"),
    ("E204", THANKS, "wait: 1d", "wait: ¦1 day"),
    ("E204", THANKS, "wait: 1d", 'wait: {for: 1d, at: ¦"25:00"}'),
    ("E204", THANKS, "topic: news", "topic: news\nholdout: ¦101%"),
    ("E204", THANKS, "topic: news", "topic: news\nactive: {from: ¦2026-02-30}"),
    ("E204", POLICIES, "zone: Europe/Rome", "zone: ¦Europe/Roma"),
    ("E204", POLICIES, '"21:00-09:00"', "¦21-9"),
    ("E205", THANKS, "prefer: [email, sms]", "prefer: [email, sms], ¦channel: email"),
    ("E205", THANKS, "wait: 1d", "wait: 1d\n    ¦then: [exit]"),
    ("E205", PROFILE, "{count: Order Completed}", "{count: Order Completed, ¦at_most: 3}"),
    ("E206", PROFILE, "email: {type: string}", "email: {type: ¦strin}"),
    ("E206", ORDER, "order_id: {type: string}", "order_id: {$ref: ¦other.json}"),
    ("E206", ORDER, "order_id: {type: string}", "order_id: {type: string, pattern: ¦'(?=a)b'}"),
    ("E207", ORDER, "total: 10}", "total: ¦ten}"),
    ("E301", THANKS, "on: {event: Order Completed", "on: {event: ¦Order Complete"),
    ("E301", PROFILE, "{count: Order Completed}", "{count: ¦Ordered}"),
    ("E302", THANKS, "Order Completed, key: order", "Order Completed, key: ¦cart"),
    ("E302", THANKS, "Order Completed, key: order", "Order Completed, key: order, each: ¦order"),
    ("E302", THANKS, "exit: [{event: Order Refunded, key: order}]", "exit: [{event: Ticket Opened, key: ¦ticket}]"),
    ("E302", THANKS, "goal: {event: Order Completed,", "goal: {event: Ticket Closed, key: ¦ticket,"),
    ("E302", PROFILE, "values: product", "values: ¦products"),
    ("E303", THANKS, "stage: retention", "stage: ¦retentoin"),
    ("E303", WHEEL, "start: interest", "start: ¦intrest"),
    ("E303", THANKS, "move_to: lost", "move_to: ¦lots"),
    ("E304", THANKS, "topic: news", "topic: ¦newz"),
    ("E304", POLICIES, "per: 7d", "topic: ¦offer, per: 7d"),
    ("E305", POLICIES, "except: [thanks]", "except: [¦thank]"),
    ("E306", THANKS, "event.properties.total}", "¦event.properties.totl}"),
    ("E306", "segments.yaml", "profile.features.orders", "¦profile.features.order"),
    ("E306", "segments.yaml", "profile.features.orders", "¦event.properties.total"),
    ("E306", THANKS, "traits.plan: free", "¦traits.plann: free"),
    ("E306", THANKS, "value: properties.total", "value: ¦properties.totl"),
    ("E306", PROFILE, "sum: properties.total", "sum: ¦properties.amount"),
    ("E306", ORDER, "order: properties.order_id", "order: ¦properties.orderid"),
    ("E306", TEXT, "event.properties.order_id", "¦event.properties.order"),
    ("E306", "templates/coupon/email.html", "code", "¦codee"),
    ("E307", THANKS, IF, "{segment: ¦buyer}"),
    ("E308", THANKS, IF, '{">": [{lookup: [¦product, x, days, 0]}, 0]}'),
    ("E308", THANKS, IF, '{">": [{lookup: [products, x, ¦day, 0]}, 0]}'),
    ("E308", POLICIES, "email: none", "email: none, days_off: ¦tables/holidays.csv"),
    ("E309", THANKS, "of: ask", "of: ¦asks"),
    ("E310", THANKS, "template: thanks", "template: ¦thank"),
    ("E311", "templates/coupon/template.yaml", "sender: shop", "sender: ¦shopp"),
    ("E312", THANKS, "prefer: [email, sms]", "prefer: [email, ¦smss]"),
    ("E313", WHEEL, "stages: [interest, retention]", "stages: [interest, retention, ¦interest]"),
    ("E401", THANKS, IF, '{¦"=>": [{var: event.properties.total}, 50]}'),
    ("E401", THANKS, IF, '{¦">=": [{var: event.properties.total}]}'),
    ("E402", THANKS, IF, '{"==": [{var: profile.traits.plan}, ¦busines]}'),
    ("E403", THANKS, IF, '{">=": [{var: event.properties.total}, ¦"50"]}'),
    ("E403", THANKS, IF, '{">=": [{var: ¦event.properties.order_id}, 50]}'),
    ("E403", THANKS, IF, '{"==": [{var: event.properties.order_id}, ¦50]}'),
    ("E403", THANKS, IF, '{¦"<": [{var: event.properties.order_id}, "P"]}'),
    ("E403", THANKS, IF, '{">": [{"+": [{var: ¦event.properties.order_id}, 1]}, 50]}'),
    ("E403", THANKS, IF, "{in: [{var: event.properties.order_id}, {var: ¦event.properties.total}]}"),
    ("E403", THANKS, IF, "{or: [{var: ¦event.properties.total}, {segment: buyers}]}"),
    ("E403", THANKS, IF, "{after: [{var: now}, ¦yesterday]}"),
    ("E403", THANKS, IF, '{"==": [{¦cat: [a, b]}, ab]}'),
    ("E403", THANKS, "code: TEN", "code: ¦10"),
    ("E403", THANKS, "code: TEN", "code: {var: ¦profile.features.orders}"),
    ("E403", THANKS, "code: TEN", "code: {var: ¦profile.traits.first_name}"),
    ("E403", THANKS, "traits.plan: free", "traits.plan: ¦gratis"),
    ("E403", THANKS, LAST, "  - emit: {event: Order Refunded, properties: {order_id: ¦7}}\n"),
    ("E404", THANKS, IF, '{"!=": [{var: ¦profile.traits.plan}, free]}'),
    ("E404", THANKS, IF, '{"!": {in: [{var: ¦profile.traits.plan}, [free]]}}'),
    ("E404", THANKS, IF, "{some: [{var: event.properties.products}, {'<': [{var: ¦quantity}, 2]}]}"),
    ("E404", THANKS, IF, '{"<": [{¦lookup: [products, P-2, days]}, 40]}'),
    ("E306", THANKS, IF, "{some: [{var: event.properties.products}, {'>': [{var: ¦quantty}, 2]}]}"),
    ("E402", THANKS, IF, "{in: [{var: event.properties.kind}, [web, ¦shp]]}"),
    ("E405", THANKS, IF, '{">": [{var: event.properties.total}, 50]}\n  - {¦"<": [{var: event.properties.total}, 40]}'),
    ("E405", THANKS, IF, '{and: [{">": [{var: profile.features.orders}, 1]}, {¦"<": [{var: profile.features.orders}, 2]}]}'),
    ("E405", THANKS, IF, '{or: [{segment: buyers}, {¦"<": [{var: profile.features.orders}, 0]}]}'),
    ("E405", THANKS, IF, '{segment: buyers}\n  - {¦"==": [{var: profile.features.orders}, 0]}'),
    ("E405", THANKS, IF, '{"==": [{var: profile.traits.plan}, free]}\n  - {¦in: [{var: profile.traits.plan}, [business]]}'),
    ("E405", THANKS, IF, '{missing: [profile.traits.plan]}\n  - {¦"==": [{var: profile.traits.plan}, free]}'),
    ("E405", THANKS, IF, f'{IF}\nwhile: {{¦"<": [{{var: event.properties.total}}, 10]}}'),
    (
        "E405",
        THANKS,
        f"on: {{event: Order Completed, key: order}}\nif:\n  - {IF}",
        f'on: {{event: Order Completed, key: order, if: {{"<": [{{var: event.properties.total}}, 20]}}}}\nif:\n  - {MARKED}',
    ),
    (
        "E405",
        "segments.yaml",
        "profile.features.orders}, 0]}}",
        'profile.features.orders}, 0]}}\nnobody: {if: {¦"<": [{var: profile.features.orders}, 0]}}',
    ),
    (
        "E507",
        THANKS,
        '{"<=": [{var: event.properties.score}, 2]}',
        '{"<=": [{var: event.properties.score}, 2]}\n          - if: {¦"==": [{var: event.properties.score}, 1]}',
    ),
    ("E507", THANKS, LAST, "  - branch: [{if: {segment: buyers}}, {if: {'!': {segment: buyers}}}, {¦else: [exit]}]\n"),
    ("E507", THANKS, LAST, '  - branch: [{if: {¦"<": [{var: event.properties.total}, 30]}}]\n'),
    (
        "E507",
        THANKS,
        LAST,
        (
            '  - branch:\n      - if: {"<": [{var: event.properties.total}, 90]}\n'
            '        then: [{branch: [{if: {¦">": [{var: event.properties.total}, 95]}}]}]\n'
        ),
    ),
    (
        "W512",
        WHEEL,
        "  - {from: retention",
        "  - ¦{from: interest, to: lost, on: {event: Order Completed}}\n  - {from: retention",
    ),
    ("E512", THANKS, "of: ask", "of: ¦send-coupon"),
    ("E302", THANKS, "exit: [{event: Order Refunded, key: order}]", "exit: [{event: Ticket Opened, key: ¦ticket}]"),
    ("E306", THANKS, LAST, "  - task: {queue: desk, title: Call, due: 1d, shows: [order_id, ¦totl]}\n"),
    ("E207", "personas/anna.yaml", "features: {orders: 2}", "features: {orders: ¦two}"),
    ("E315", THANKS, "expires: 6h", "survey: ¦npz"),
    ("E503", RECEIPT, "reentry: always", "reentry: always\n¦holdout: 5%"),
    ("E504", POLICIES, "[receipt, care]", "[receipt, care, ¦thanks]"),
    ("E505", THANKS, "    arms:\n      plain: {weight: 50}", "    ¦arms:\n      plain: {weight: 51}"),
    ("E506", THANKS, LAST, LAST + "  - ¦move_to: lost\n"),
    ("E507", THANKS, LAST, "  - exit\n  - ¦move_to: lost\n"),
    ("E507", THANKS, "- else: [exit]", "- else: [exit]\n          - ¦if: {segment: buyers}"),
    ("E508", RECEIPT, "then:", "then:\n  - emit: ¦{event: Order Completed, properties: {order_id: x, total: 1}}"),
    ("E314", "tests/a.yaml", "profile: anna", "profile: ¦ana"),
    ("E207", "tests/a.yaml", "given: [", 'given: [{at: "2026-03-02T09:00:00Z", traits: {plan: ¦gratis}}, '),
    ("E205", "tests/a.yaml", "event: Order Completed, properties", "event: Order Completed, ¦traits: {}, properties"),
    ("E207", "personas/anna.yaml", "if:", '¦if: {"<": [{var: profile.features.orders}, 1]}\n# '),
    ("E508", "segments.yaml", "buyers:", "mine: {if: {segment: yours}}\n¦yours: {if: {segment: mine}}\nbuyers:"),
    ("E307", THANKS, EXIT, "exit: [{left: ¦buyer}]"),
    ("E205", THANKS, EXIT, "exit: [{segment: buyers, ¦for: 2d}]"),
    ("E204", THANKS, EXIT, "exit: [{date: ¦2026-12-24}]"),
    ("E204", THANKS, EXIT, "exit: [{date: profile.traits.birthday, zone: ¦Europe/Roma}]"),
    ("E204", THANKS, EXIT, "exit: [{date: profile.traits.birthday, offset: ¦a week}]"),
    ("E205", THANKS, EXIT, "exit: [{segment: buyers, ¦every: year}]"),
    ("E205", THANKS, EXIT, "exit: [{date: profile.traits.birthday, ¦key: order}]"),
    ("E306", THANKS, EXIT, "exit: [{date: ¦profile.traits.birthdate}]"),
    ("E306", THANKS, EXIT, "exit: [{date: ¦profile.features.birthdate}]"),
    ("E403", THANKS, EXIT, "exit: [{date: ¦profile.traits.first_name}]"),
    ("E403", THANKS, EXIT, "exit: [{date: ¦profile.features.orders}]"),
    ("E204", POLICIES, "zone: Europe/Rome", "zone: Europe/Rome\nleap_day: ¦02-29"),
    ("E509", THANKS, "with: {code: TEN}", "¦with: {}"),
    ("E509", THANKS, "with: {code: TEN}", "with: {code: TEN, ¦cod: X}"),
    ("E510", THANKS, LAST, "  - emit: {event: Order Completed, ¦properties: {order_id: x}}\n"),
    ("E511", THANKS, "topic: news", "topic: news\nactive: {from: 2026-02-02, until: ¦2026-02-01}"),
    ("E601", TEXT, "Your order {{", "Hello\n¦Your order {{ {{"),
    ("E602", THANKS, "template: coupon, channel: email", "template: coupon, channel: ¦sms"),
    ("E603", TEXT, "order_id }}", "order_id }} {{ ¦profile.traits.first_name }}"),
    ("E603", TEXT, "Your", "{{ ¦profile.traits.first_name | upper }} Your"),
    ("E603", TEXT, "Your", "{% if profile.traits.plan == 'business' %}{{ ¦profile.traits.first_name }}{% endif %} Your"),
    ("E603", TEXT, "Your", "{% for p in event.properties.products | default([]) %}{{ ¦p.quantity }}{% endfor %} Your"),
    ("E603", TEXT, "Your", "{% for p in event.properties.products | default([]) %}{{ ¦p.qty }}{% endfor %} Your"),
    ("E603", TEXT, "Your", "{{ ¦event.properties.products }} Your"),
    ("E603", "templates/thanks/template.yaml", "profile.traits.first_name | default('you')", "¦profile.traits.first_name"),
    ("E601", TEXT, "Your", "{{ event.properties.order_id | ¦shout }} Your"),
    ("E311", THANKS, LAST, "  - task: {queue: ¦care, title: Call, due: 1d}\n"),
    ("E311", THANKS, LAST, "  - task: {queue: ¦shop, title: Call, due: 1d}\n"),
    ("E204", THANKS, LAST, "  - task: {queue: desk, title: Call, due: ¦0s}\n"),
    ("E204", THANKS, "of: ask, within: 7d", "of: ask, within: ¦0s"),
    ("E311", THANKS, LAST, "  - webhook: {to: ¦code}\n"),
    ("E311", THANKS, LAST, "  - webhook: {to: ¦desk}\n"),
    ("E313", THANKS, LAST, "  - webhook: {to: codes, save: ¦key}\n"),
    ("E204", THANKS, LAST, "  - webhook: {to: codes, within: ¦0m}\n"),
    ("E306", THANKS, LAST, "  - webhook: {to: codes, send: {a: [{b: {var: ¦event.properties.totl}}]}}\n"),
    ("E404", THANKS, LAST, WITH_CODE % '{"!=": [{var: ¦enrolment.coupon.code}, X]}'),
    ("E306", THANKS, LAST, WITH_CODE % '{"==": [{var: ¦enrolment.coupons.code}, X]}'),
    ("E204", "senders.yaml", '"https://hooks.shop.example/codes"', "¦hooks.shop.example"),
    ("E204", "senders.yaml", '"https://hooks.shop.example/codes"', "¦https://us:secret@hooks.shop.example"),
    ("W520", "senders.yaml", '"https://hooks.shop.example/codes"', "¦http://hooks.shop.example"),
    ("W520", "senders.yaml", '"https://hooks.shop.example/codes"', "¦https://10.0.0.7/codes"),
    ("W520", "senders.yaml", '"https://hooks.shop.example/codes"', "¦https://localhost/codes"),
    ("E207", "senders.yaml", "{code: TEN}", "¦{code: " + "x" * 4_096 + "}"),
    ("W501", THANKS, "goal: {event: Order Completed, within: 30d,", "¦goal: {event: Order Completed,"),
    ("W502", THANKS, "within: 30d", "within: ¦2h"),
    ("W503", THANKS, "prefer: [email, sms]", "prefer: [email, sms, ¦email]"),
    ("W103", THANKS, "plain: {weight: 50}", "plain: {weight: ¦050}"),
    ("W401", THANKS, IF, '{¦">=": [{var: profile.features.orders}, 0]}'),
    ("W401", THANKS, IF, '{¦"!=": [{var: event.properties.total}, null]}'),
    ("W401", THANKS, IF, '{or: [{¦"!=": [{var: now}, null]}, {segment: buyers}]}'),
    ("W504", THANKS, "expires: 6h", "expires: ¦6h, merge: 1d"),
    ("W508", WHEEL, "outside: [lost]", "outside: [lost, ¦gone]"),
    ("W510", "campaigns/care.yaml", "then:\n  - task: {queue: desk, title: Call, due: 1d}", "¦then:\n  - wait: 1d"),
    ("W601", "templates/thanks/sms.txt", "Thanks", "¦" + "x" * 161),
    ("W601", "templates/thanks/sms.txt", "Thanks", "x" * 70 + "¦ë"),
    (
        "W601",
        "templates/thanks/sms.txt",
        "Thanks",
        "¦{% if profile.traits.plan | default('') == 'free' %}" + "x" * 161 + "{% endif %}",
    ),
    ("W601", "templates/thanks/sms.txt", "Thanks", "¦{{ profile.traits.first_name | default('') }}" + "x" * 141),
    ("W102", THANKS, "topic: news", "topic: news ¦# check: ignore W507 because it is meant"),
    ("W505", "tables/products.csv", "P-2,Coffee,", "¦P-1,Coffee,"),
    ("W506", THANKS, "template: coupon, channel: email", "template: coupon, prefer: [email, ¦sms]"),
]
LACKING: list[tuple[str, str, str, str, tuple[str, int, int]]] = [
    ("E202", THANKS, "stage: retention\n", "", (THANKS, 1, 1)),
    ("E501", THANKS, "topic: news\n", "", (THANKS, 1, 1)),
    ("E502", POLICIES, "transactional: [receipt, care]\n", "transactional: [care]\n", (RECEIPT, 3, 8)),
    ("E202", THANKS, "event: Survey Answered, of: ask, within: 7d", "event: Survey Answered, of: ask", (THANKS, 14, 5)),
    ("E509", THANKS, ", with: {code: TEN}", "", (THANKS, 18, 21)),
    ("E510", THANKS, LAST, "  - emit: {event: Order Refunded}\n", (THANKS, 24, 5)),
    ("E602", "templates/thanks/template.yaml", "subject:", "preheader:", (RECEIPT, 7, 39)),
    ("E305", RECEIPT, "campaign: receipt", "campaign: receipts", (POLICIES, 6, 17)),
    ("E311", "senders.yaml", ', sms: {from: "+15005550006"}', "", (THANKS, 12, 46)),
]


def _written_with(base: dict[str, str], file: str, old: str, new: str) -> tuple[str, tuple[int, int] | None]:
    assert old in base[file], "the test's own text has moved"
    text = base[file].replace(old, new, 1)
    before, mark, _ = text.partition("¦")
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1) if mark else None
    return text.replace("¦", ""), place


@pytest.mark.parametrize(("code", "file", "old", "new"), REPLACED)
def test_a_finding_stands_where_the_author_must_type(
    code: str, file: str, old: str, new: str, written: Written, base: dict[str, str]
) -> None:
    text, place = _written_with(base, file, old, new)
    findings = check(written({file: text}))
    assert (code, file, place) in [(each.code, each.file, (each.line, each.column)) for each in findings], findings
    assert [each for each in findings if each.severity == "error" and each.code != code] == []


@pytest.mark.parametrize(("code", "file", "old", "new", "place"), LACKING)
def test_what_is_missing_is_told_at_the_key_that_lacks_it(
    code: str, file: str, old: str, new: str, place: tuple[str, int, int], written: Written, base: dict[str, str]
) -> None:
    text, _ = _written_with(base, file, old, new)
    findings = check(written({file: text}))
    assert (code, *place) in [(each.code, each.file, each.line, each.column) for each in findings], findings


NOTED: list[tuple[str, str, str, str]] = [
    ("N901", THANKS, "topic: news", "topic: news\n¦pace: 100/h"),
]


@pytest.mark.parametrize(("code", "file", "old", "new"), NOTED)
def test_what_this_version_does_not_enforce_is_a_note(
    code: str, file: str, old: str, new: str, written: Written, base: dict[str, str]
) -> None:
    text, place = _written_with(base, file, old, new)
    found = examine(written({file: text}))
    assert (code, file, place) in [(each.code, each.file, (each.line, each.column)) for each in found.notes], found
    assert found.findings == []


def test_a_marketing_email_without_a_link_to_unsubscribe_is_noted(written: Written) -> None:
    plain = "templates/thanks/email.txt"
    notes = [(one.code, one.file, one.line) for one in examine(written({plain: "Thanks\n"})).notes]
    assert notes == [("N903", plain, 1)]
    for link in ("{{ unsubscribe_url }}", "{{ preferences_url }}"):
        assert examine(written({plain: f"Thanks {link}\n"})).notes == ()


def test_a_marketing_email_without_its_senders_address_is_noted(written: Written, base: dict[str, str]) -> None:
    plain, italian = "templates/thanks/email.txt", "templates/thanks/it/email.txt"
    senders = {"senders.yaml": base["senders.yaml"].replace("name: Shop", "name: Shop, postal_address: Via Roma 1")}
    notes = [(one.code, one.file, one.line) for one in examine(written(senders)).notes]
    assert {("N904", plain, 1), ("N904", italian, 1)} <= set(notes)
    text = "{{ unsubscribe_url }} {{ sender.name }} {{ sender.postal_address }}\n"
    found = examine(written({**senders, plain: text, italian: text}))
    assert not {plain, italian} & {one.file for one in (*found.notes, *found.findings)}
    text = text.replace("{{ sender.postal_address }}", "{% if sender.postal_address %}{{ sender.postal_address }}{% endif %}")
    found = examine(written({plain: text}))
    assert [(one.code, one.file, one.fix) for one in (*found.notes, *found.findings)] == [
        ("N904", plain, "write `postal_address` into the email of `shop` in senders.yaml")
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{{ sender.postal_address }}", "E603"),
        ("{% if sender.postal_address %}{{ sender.postal_address }}{% endif %}", None),
        ("{{ sender.name }}", None),
        ("{{ sender.phone }}", "E306"),
        ("{{ sender }}", "E603"),
    ],
)
def test_what_a_template_can_read_of_its_sender(text: str, code: str | None, written: Written) -> None:
    found = examine(written({"templates/thanks/email.txt": f"{{{{ unsubscribe_url }}}} {text}\n"})).findings
    assert {one.code for one in found} == ({code} if code else set())


def test_what_other_engines_may_read_otherwise_is_noted_when_asked(written: Written, base: dict[str, str]) -> None:
    new = '{"and": [{"!=": [{var: event.properties.total}, 0]}, {¦contains: [{var: event.properties.order_id}, x]}]}'
    text, place = _written_with(base, THANKS, IF, new)
    workspace = written({THANKS: text})
    found = examine(workspace, portable=True)
    assert [(each.code, each.file, (each.line, each.column)) for each in found.notes] == [("N910", THANKS, place)]
    assert found.findings == []
    assert examine(workspace).notes == ()


def _codes(findings: list[Finding]) -> list[tuple[str, str, int, int]]:
    return [(each.code, each.file, each.line, each.column) for each in findings]


TWICE = """\
campaign: zz
stage: retention
topic: news
on: {event: Order Completed, key: order}
if: %s
then: [{send: {template: coupon, channel: email, with: {code: TEN}}}]
"""


def test_two_campaigns_that_can_both_send_are_told_with_an_example(written: Written) -> None:
    again = "campaigns/zz.yaml"
    findings = check(written({again: TWICE % '{"<": [{var: event.properties.total}, 60]}'}))
    assert _codes(findings) == [("W507", again, 4, 1)]
    assert "`thanks`" in findings[0].message
    assert 'Order Completed {"order_id": "O-1", "total": 5' in findings[0].message
    assert check(written({again: TWICE % '{"<": [{var: event.properties.total}, 50]}'})) == []
    staged = TWICE.replace("event: Order Completed, key: order", "stage: retention").replace("if: %s\n", "")
    assert check(written({again: staged})) == [], "a day after, and at once: not within a day"
    near = staged.replace("then: [", "then: [{wait: 1h}, ").replace("topic", "reentry: once\ntopic")
    findings = check(written({again: near, "campaigns/thanks.yaml": TWICE.replace("campaign: zz", "campaign: thanks") % IF}))
    assert _codes(findings) == [("W507", again, 5, 1)]
    assert findings[0].message.endswith("which moves from interest to retention")


def test_an_example_says_what_relates_its_values(written: Written, base: dict[str, str]) -> None:
    """What compares a value with constants is put into the example; what compares two values may not hold there."""
    related = '{">": [{var: event.properties.total}, {var: [event.properties.shipping, 0]}]}'
    order = base[ORDER].replace("total: {type: number}", "total: {type: number}\n    shipping: {type: number}")
    findings = check(written({"campaigns/zz.yaml": TWICE % related, ORDER: order}))
    assert _codes(findings) == [("W507", "campaigns/zz.yaml", 4, 1)]
    assert findings[0].message.endswith("where what relates several of its values holds too")


def test_a_comment_accepts_a_warning_with_a_reason_only(written: Written) -> None:
    sms = "{# check: ignore W601 because it is worth two #}" + "x" * 161
    assert check(written({"templates/thanks/sms.txt": sms})) == []
    again = "campaigns/zz.yaml"
    for comment, codes in (
        ("because both are meant", []),
        ("because `thanks` is another matter", []),
        ("because `welcome` is another matter", ["W507"]),
        ("", ["W102", "W507"]),
        ("because", ["W102", "W507"]),
    ):
        text = (TWICE % IF).replace("on:", f"# check: ignore W507 {comment}\non:")
        assert sorted(each.code for each in check(written({again: text}))) == codes
    text = (TWICE % IF).replace("topic: news", "topic: newz  # check: ignore E304 because I know better")
    assert {each.code for each in check(written({again: text}))} == {"E304", "W102", "W507"}


SURVEY = {"surveys/nps.yaml": "survey: nps\nkind: nps\nquestion: {en: How likely?}\n"}
ASKS = """\
campaign: asks
stage: retention
topic: news
on: {stage: retention}
then:
  - id: ask
    send: {template: coupon, channel: email, survey: nps, with: {code: TEN}}
  - wait_for: {event: Survey Answered, of: ask, within: 7d}
    then:
      - branch: [{if: {"<=": [{var: event.properties.score}, %d]}, then: [{task: {queue: desk, title: Call, due: 1d}}]}]
"""


def test_low_answers_to_a_survey_reach_a_person(written: Written) -> None:
    for score, told in ((6, ""), (0, "one of these (1 to 6; low is 0 to 6)"), (-1, "low (0 to 6)")):
        findings = check(written({**SURVEY, "campaigns/asks.yaml": ASKS % score}))
        assert (("W509", "campaigns/asks.yaml", 7, 54) in _codes(findings)) is bool(told)
        assert not told or next(one for one in findings if one.code == "W509").message.endswith(told)


def test_a_survey_whose_score_no_feature_keeps_is_told(written: Written, base: dict[str, str]) -> None:
    """It follows the kind: `last_nps` did not hear of a second survey of kind nps, and nobody knew."""
    answered = "event: Survey Answered\nproperties:\n  type: object\n  required: [score]\n  properties:\n"
    answered += "    score: {type: integer}\n    survey: {type: string}\n"
    feature = "  last_nps: {last: properties.score, of: Survey Answered%s}\n"
    knows = ', if: {"==": [{var: event.properties.survey}, nps]}'
    spring = {"surveys/spring.yaml": "survey: spring\nkind: %s\nquestion: {en: How likely?}\n"}
    for kind, condition, told in (
        ("nps", knows, True),
        ("csat", knows, False),
        ("text", knows, False),
        ("nps", "", False),
        ("nps", ", if: {in: [{var: event.properties.survey}, [nps, spring]]}", False),
        ("nps", ', if: {"!=": [{var: [event.properties.survey, csat]}, csat]}', False),
    ):
        surveys = {name: text % kind for name, text in spring.items()}
        files = {**SURVEY, **surveys, "events/survey-answered.yaml": answered, PROFILE: base[PROFILE] + feature % condition}
        assert (("W514", "surveys/spring.yaml", 1, 9) in _codes(check(written(files)))) is told, (kind, condition)


def test_a_webhook_without_a_sample_leaves_what_with_reads_empty(written: Written, base: dict[str, str]) -> None:
    webhook = "  - webhook: {to: codes, save: coupon}\n"
    for read, before, sample, told in (
        ("enrolment.coupon.code", "", "", True),
        ("[enrolment.coupon.code, TEN]", "", "", False),
        ("enrolment.coupon.code", "", ", sample: {code: TEN}", False),
        ("enrolment.coupon.code", '{"!=": [{var: enrolment.coupon.code}, null]}', "", False),
    ):
        send = f"send: {{template: coupon, channel: email, with: {{code: {{var: {read}}}}}}}"
        last = f"  - branch: [{{if: {before}, then: [{{id: last, {send}}}]}}]\n" if before else f"  - {{id: last, {send}}}\n"
        files = {
            THANKS: base[THANKS].replace(LAST, webhook + last),
            "senders.yaml": base["senders.yaml"].replace(", sample: {code: TEN}", sample),
        }
        found = examine(written(files))
        assert [one.code for one in found.findings] == []
        assert [one.code for one in found.notes] == (["N902"] if told else []), (read, before, sample)


@pytest.mark.parametrize("codes", ["codes: {webhook: x}", "codes: x", "codes: {webhook: }", "codes: [1]", ""])
def test_a_webhook_that_is_no_group_of_settings_is_told_and_ends_nothing(
    codes: str, written: Written, base: dict[str, str]
) -> None:
    webhook = "  - webhook: {to: codes, save: coupon}\n"
    send = "  - {id: last, send: {template: coupon, channel: email, with: {code: {var: enrolment.coupon.code}}}}\n"
    senders = base["senders.yaml"].split("codes:")[0] + codes + "\n"
    found = examine(written({THANKS: base[THANKS].replace(LAST, webhook + send), "senders.yaml": senders}))
    assert {one.severity for one in found.findings} == {"error"}
    assert found.notes == ()


@pytest.mark.parametrize("read", ["[]", "[[1]]", "7", '""'])
def test_a_var_that_reads_no_place_ends_nothing(read: str, written: Written, base: dict[str, str]) -> None:
    check(written({THANKS: base[THANKS].replace("code: TEN", f"code: {{var: {read}}}")}))


JOINS = """\
campaign: joins
stage: retention
topic: news
on: {event: Order Completed, %s}
then: [{wait: 20d}, {send: {template: %s, channel: email, merge: 3d}}]
"""
REFILL = {
    "templates/refill/template.yaml": "sender: shop\nsubject: For you\n",
    "templates/refill/email.txt": "{{ items[0].product_id }}\n{% for one in items %}- {{ one.product_id }}\n{% endfor %}",
}
LINED = {
    "events/order-completed.yaml": """\
event: Order Completed
keys: {order: properties.order_id, product: "properties.products[].product_id"}
properties:
  type: object
  required: [order_id, total, products]
  properties:
    order_id: {type: string}
    total: {type: number}
    products:
      type: array
      items: {type: object, required: [product_id], properties: {product_id: {type: string}, quantity: {type: integer}}}
sample: {order_id: O-1, total: 10, products: []}
""",
    "campaigns/joins.yaml": JOINS % ("each: product", "refill"),
    "templates/thanks/email.txt": "Hello\n",
    "tests/a.yaml": None,
}


def _errors(root: Path) -> list[tuple[str, str, int, int]]:
    return _codes([each for each in check(root) if each.severity == "error"])


def test_a_message_that_joins_several_reads_their_items(written: Written) -> None:
    assert _errors(written({**LINED, **REFILL})) == [], "there is always one at least"
    place = "templates/refill/email.txt"
    for text, found in (
        ("{% for one in items %}\n{{ one.quantity }}{% endfor %}", ("E603", place, 2, 4)),
        ("{% for one in items %}{{ one.size }}{% endfor %}", ("E603", place, 1, 26)),
        ("{{ items }}", ("E603", place, 1, 4)),
        ("{{ item.product_id }}", ("E306", place, 1, 4)),
    ):
        assert _errors(written({**LINED, **REFILL, place: text})) == [found], text
    alone = (JOINS % ("each: product", "refill")).replace(", merge: 3d", "")
    found = check(written({**LINED, **REFILL, "campaigns/joins.yaml": alone}))
    assert ("E306", place, 1, 4) in _codes(found)


def test_what_a_loop_lacks_is_told_by_the_name_that_the_loop_gives(written: Written) -> None:
    loop = "{% for line in items %}{{ line.quantity }}{% endfor %}"
    found = next(
        each for each in check(written({**LINED, **REFILL, "templates/refill/email.txt": loop})) if each.code == "E603"
    )
    assert found.message == "`quantity` of one of `items` may be absent, and then this message cannot be sent"
    assert found.fix.startswith('write {{ one.quantity | default("…") }}')
    assert found.fix.endswith("where `one` is what your `for` calls it")


def test_without_items_of_their_own_they_are_events(written: Written) -> None:
    place, by_order = "templates/refill/email.txt", JOINS % ("key: order", "refill")
    files = {**LINED, **REFILL, "campaigns/joins.yaml": by_order}
    assert _errors(written({**files, place: "{% for one in items %}{{ one.properties.order_id }}{% endfor %}"})) == []
    found = _errors(written({**files, place: "{% for one in items %}{{ one.product_id }}{% endfor %}"}))
    assert found == [("E603", place, 1, 26)]


def test_a_text_is_rendered_for_every_persona_with_fuel(written: Written, base: dict[str, str]) -> None:
    bea = base["personas/anna.yaml"].replace("persona: anna", "persona: bea").replace("orders: 2", "orders: 4")
    both = "profile.traits.plan | default('') == 'free' and profile.features.orders == 4"
    text = "Hello\n{% if " + both + " %}{{ profile.traits.first_name }}{% endif %}\n"
    (found,) = check(written({"personas/bea.yaml": bea, TEXT: text}))
    assert (found.code, found.file, found.line) == ("E603", TEXT, 2)
    assert text.splitlines()[1][found.column - 1 :].startswith("profile.traits.first_name"), found
    assert "`bea`" in found.message
    loop = "{% for a in range(999) %}\n{% for b in range(999) %}{{ b }}{% endfor %}{% endfor %}"
    assert ("E601", TEXT, 2, 1) in _codes(check(written({TEXT: loop})))


def test_what_nobody_has_is_told_once_and_not_of_each_persona_again(written: Written) -> None:
    (found,) = check(written({TEXT: "Hello {{ profile.traits.nome }}\n"}))
    assert (found.code, found.line) == ("E306", 1)


def test_what_is_lacking_is_told_with_what_to_add(written: Written, base: dict[str, str]) -> None:
    text = base[THANKS].replace("  - wait: 1d", "  - wait_for: {event: Order Refunded}")
    (found,) = (one for one in check(written({THANKS: text})) if one.code == "E202")
    assert found.fix == "add `within`"


def test_a_merge_that_joins_nothing_is_told(written: Written) -> None:
    text = (JOINS % ("key: order", "thanks")).replace(", key: order", "")
    assert ("W513", "campaigns/joins.yaml", 5, 63) in _codes(check(written({"campaigns/joins.yaml": text})))


ASKED = {
    **SURVEY,
    "campaigns/asks.yaml": ASKS.replace("template: coupon", "template: ask").replace(", with: {code: TEN}", "") % 6,
    "templates/ask/template.yaml": "sender: shop\nsubject: How was it?\n",
    "templates/ask/email.txt": "Tell us: {{ survey.url }}\n",
}


def test_a_message_that_asks_a_survey_prints_its_link_and_its_answers_are_events(written: Written) -> None:
    asks, place = "campaigns/asks.yaml", "templates/ask/email.txt"
    assert _errors(written(ASKED)) == []
    for file, text, found in (
        ("templates/ask/it/email.txt", "Dicci com'è andata.\n", ("E605", "templates/ask/it/email.txt", 1, 1)),
        (place, "{{ survey.link }} {{ survey.url }}\n", ("E306", place, 1, 4)),
        (TEXT, "Hello {{ survey.url }}\n", ("E306", TEXT, 1, 10)),
        ("events/survey-answered.yaml", "event: Survey Answered\nproperties: {required: [order_id]}\n", ("E510", asks, 7, 51)),
        (
            "events/survey-answered.yaml",
            "event: Survey Answered\nproperties: {type: object, properties: {score: {type: integer, maximum: 5}}}\n",
            ("E207", asks, 7, 51),
        ),
        ("surveys/nps.yaml", SURVEY["surveys/nps.yaml"] + "scale: [10, 0]\n", ("E204", "surveys/nps.yaml", 4, 8)),
    ):
        assert found in _errors(written({**ASKED, file: text})), file
    written({**ASKED, TEXT: "Hello\n"}).joinpath("events/survey-answered.yaml").unlink()
    assert ("E301", asks, 7, 51) in _errors(written({**ASKED, "events/survey-answered.yaml": None}))


def test_the_last_codes(written: Written, base: dict[str, str]) -> None:
    findings = check(written({"campaigns/care.yaml": None, "policies.yaml": base["policies.yaml"].replace(", care", "")}))
    assert _codes(findings) == [("W510", "policies.yaml", 5, 3)]
    findings = check(written({"campaigns/care.yaml": base["campaigns/care.yaml"]}), seen={"Order Completed", "Survey Answered"})
    assert ("W511", "events/ticket-opened.yaml", 1, 8) in _codes(findings)
    assert {each.code for each in findings} == {"W511"}
    assert "Ticket Noted" not in str(findings), "the campaign itself emits it"
    findings = check(written({"templates/thanks/email.mjml": "<mjml><mj-body>\n <mj-sektion/></mj-body></mjml>"}))
    assert ("E604", "templates/thanks/email.mjml", 2, 3) in _codes(findings)
    assert "mj-section" in next(each.fix for each in findings if each.code == "E604")


def test_the_small_workspace_is_clean(written: Written) -> None:
    assert check(written()) == []


def test_the_table_of_codes_is_the_one_of_the_check() -> None:
    page = (Path(__file__).parents[3] / "rules/CODES.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([EWN]\d{3})` \| (.+?) \| (.+?) \| (.+?) \|$", page, re.MULTILINE)
    assert [(code, title) for code, title, *_ in rows] == list(CODES.items())


def test_every_code_has_a_title_and_a_test() -> None:
    assert all(code[0] in "EWN" and code[1:].isdigit() and title for code, title in CODES.items())
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [code for code in CODES if not re.search(rf'"{code}[ "]', tests)] == []
