"""What a marketer types by mistake, a mistake at a time: one finding each, where it was made (`¦`), with the way out.

The words of the fixes are pinned, because each was judged as a newcomer reads it: what is wrong, where, what to do.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.authoring import Finding, check
from orchestrator.authoring.codebook import page

_BLOCK = re.compile(r"^```(?:yaml|text|csv)\n# (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BASE: dict[str, str] = dict(_BLOCK.findall(page().split("## The workspace of the examples", 1)[1]))
"""The small workspace of rules/CODES.md."""
THANKS = "campaigns/thanks.yaml"
WHEEL = "wheel.yaml"
PROFILE = "profile.yaml"
POLICIES = "policies.yaml"
ORDER = "events/order-completed.yaml"
SEGMENTS = "segments.yaml"
SENDERS = "senders.yaml"
ANNA = "personas/anna.yaml"
TEST = "tests/receipt.yaml"
TEMPLATE = "templates/thanks/template.yaml"
TEXT = "templates/thanks/email.txt"
TABLE = "tables/products.csv"
SURVEY = "surveys/nps.yaml"

TRAPS: list[tuple[str, str, str | None, str, str]] = [
    ("E201", THANKS, "topic: news", "topic: news\nalarm: {¦send: {at_least: 1, per: 1d}}", "did you mean `sends`?"),
    ("E202", THANKS, "topic: news", "topic: news\nalarm: {¦sends: {per: 1d}}", "write `at_least: 1`, or `at_most: 500`"),
    ("E202", THANKS, "topic: news", "topic: news\nalarm: {sends: {¦times: 5, per: 1d}}", "write `at_most: 200` beside it"),
    ("E204", THANKS, "topic: news", "topic: news\nalarm: {sends: {at_least: 1, per: ¦0d}}", "write a span such as `1d`"),
    ("E205", THANKS, "topic: news", "topic: news\nalarm: {sends: {at_least: 9, at_most: ¦3, per: 1d}}", "raise it"),
    (
        "E205",
        THANKS,
        "on: {event: Order Completed, key: order}\nthen:\n  - wait: 1d\n  - send: {template: thanks, channel: email}",
        "alarm: {¦sends: {at_least: 1, per: 1d}}\non: {event: Order Completed}\nthen: [task: {queue: desk, title: A, due: 1d}]",
        "write `triggers`, which counts runs that begin",
    ),
    ("E102", THANKS, "  - wait: 1d", "¦\t- wait: 1d", "indent with spaces"),
    ("E102", THANKS, "topic: news", "topic:¦news", "write `name: value`"),
    ("E103", THANKS, "topic: news", "topic: news # ok\n¦topic: offers", "keep one of them"),
    ("E203", THANKS, "  - wait: 1d", "  - ¦wait:1d", "a blank is missing after the colon: write `wait: 1d`"),
    ("E102", THANKS, "then:\n  - wait: 1d\n  - send:", "then:\n  - wait: 1d\n ¦- send:", "align it with its neighbours"),
    ("E102", THANKS, "then:\n  - wait: 1d\n  - send:", "then:\n  - wait: 1d\n   ¦- send:", "align it with its neighbours"),
    ("E102", THANKS, "  - wait: 1d\n", "  -¦wait: 1d\n", "write `- name: value`"),
    (
        "E102",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "on: {event: Order Completed key¦: order}",
        "close it, or add the missing comma",
    ),
    (
        "E102",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "on: {event: Order Completed, key: order}¦}",
        "remove it, or open it before",
    ),
    (
        "E301",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "# check: ignore W507 because both are one welcome\non: {event: ¦Order Complete, key: order}",
        "did you mean `Order Completed`?",
    ),
    (
        "E301",
        THANKS,
        "on: {event: Order Completed, key: order}",
        'on: {event: ¦Order Complete, each: product}\nif: {"==": [{var: item.name}, Tea]}',
        "did you mean `Order Completed`?",
    ),
    (
        "E302",
        THANKS,
        "on: {event: Order Completed, key: order}",
        'on: {event: Order Completed, each: ¦prodct}\nif: {"==": [{var: item.name}, Tea]}',
        "known here: order",
    ),
    (
        "E301",
        THANKS,
        "  - send: {template: thanks, channel: email}",
        (
            "  - {id: ask, send: {template: ask, channel: email, survey: nps}}\n"
            "  - wait_for: {event: ¦Survey Answerd, of: ask, within: 7d}\n"
            "    then: [{task: {queue: desk, title: Call, due: 1d}}]"
        ),
        "did you mean `Survey Answered`?",
    ),
    ("E201", THANKS, "then:", "¦do:", "did you mean `then`?"),
    ("E201", THANKS, "then:", "¦run:", "did you mean `then`?"),
    ("E201", THANKS, "then:", "¦sequence:", "did you mean `then`?"),
    ("E201", THANKS, "then:", "¦action:", "did you mean `then`?"),
    (
        "E201",
        THANKS,
        "then:",
        "¦send: {template: thanks, channel: email}\nthen:",
        "a step stands under `then`: write `- send: …` there",
    ),
    ("E201", THANKS, "topic: news", "topic: news\n¦wait: 1d", "a step stands under `then`: write `- wait: …` there"),
    ("E201", THANKS, "then:", "¦do: [exit]\nthen:", "`then` is its name here, and stands there already: keep one of them"),
    ("E201", THANKS, "topic: news", "topic: news\n¦description: thanks", "write it as a comment: `# description: …`"),
    ("E201", THANKS, "topic: news", "topic: news\n¦enabled: false", "did you mean `active`?"),
    ("E201", THANKS, "topic: news", "topic: news\n¦cooldown: 30d", "did you mean `reentry`?"),
    ("E201", THANKS, "topic: news", "topic: news\n¦conversion: {event: Order Completed}", "did you mean `goal`?"),
    ("E201", THANKS, "topic: news", "¦consent: news", "did you mean `topic`?"),
    ("E201", THANKS, "topic: news", "topic: news\n¦unless: {segment: buyers}", "did you mean `if`?"),
    ("E201", THANKS, "topic: news", "topic: news\n¦type: marketing", "did you mean `class`?"),
    (
        "E201",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "on: {¦event:Order Completed, key: order}",
        "a blank is missing after the colon: write `event: Order Completed`",
    ),
    (
        "E102",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "on: event¦: Order Completed",
        "put the text in quotes; a setting of its own stands on its own line, or in braces: {name: value}",
    ),
    (
        "E102",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "on:\n  event: Order Completed\n ¦key: order",
        "align it with its neighbours",
    ),
    ("E102", THANKS, "topic: news", "topic: ¦'news", "close it"),
    ("E304", THANKS, "topic: news", "topic: ¦“news”", "did you mean `news`?"),
    (
        "E102",
        THANKS,
        "topic: news",
        "topic: news\nif: {¦>=: [{var: event.properties.total}, 50]}",
        'quote the operator: `">="`',
    ),
    (
        "E102",
        THANKS,
        "topic: news",
        "topic: news\nif:\n  ¦>=: [{var: event.properties.total}, 50]",
        'quote the operator: `">="`',
    ),
    (
        "E102",
        THANKS,
        "topic: news",
        "topic: news\nif: {¦!=: [{var: event.properties.kind}, web]}",
        'quote the operator: `"!="`',
    ),
    ("E102", THANKS, "topic: news", "topic: news\nif: {¦%: [{var: event.properties.total}, 2]}", 'quote the operator: `"%"`'),
    ("E102", THANKS, "topic: news", "topic: news\nowner: ¦@marketing", "put it in quotes"),
    ("E102", THANKS, "topic: news", "topic: news\nowner: ¦*marketing", "quote the text if `*` is meant as such"),
    ("E102", THANKS, "topic: news", "topic: news\nowner: ¦&marketing", "put the text in quotes"),
    ("E102", THANKS, "topic: news", "topic: news\nowner: ¦!marketing", "quote the text if `!` is meant as such"),
    (
        "E102",
        THANKS,
        "topic: news",
        "topic: news\nowner: Marketing¦: CRM",
        "put the text in quotes; a setting of its own stands on its own line, or in braces: {name: value}",
    ),
    ("E102", THANKS, "topic: news", "<<: ¦*base\ntopic: news", "quote the text if `*` is meant as such"),
    (
        "E201",
        THANKS,
        "topic: news",
        "¦<<: {topic: news}",
        "YAML 1.2 merges nothing: write the settings out, or mark a whole value with `&NAME` and repeat it with `*NAME`",
    ),
    ("E203", THANKS, "topic: news", "topic: news\nholdout: ¦10", "write `10%`"),
    ("E304", THANKS, "topic: news", "topic: ¦NO", "known here: news, offers"),
    ("E204", THANKS, "wait: 1d", "wait: {for: 1d, at: ¦9:00}", "write `09:00`"),
    ("E204", THANKS, "wait: 1d", "wait: ¦12:30", 'write a duration such as 90s, 15m, 6h or 2d; a time of day is {at: "10:00"}'),
    ("E204", THANKS, "wait: 1d", "wait: ¦1.5d", "write `36h`"),
    ("E204", THANKS, "wait: 1d", "wait: ¦one day", "write a duration such as 90s, 15m, 6h or 2d"),
    ("E204", THANKS, "wait: 1d", "wait: ¦1D", "write `1d`"),
    ("E204", THANKS, "wait: 1d", "wait: ¦1w", "write `7d`"),
    (
        "E203",
        THANKS,
        "wait: 1d",
        "wait: ¦86400",
        "say in which unit: `86400d` for days, `86400h` for hours, `86400m` for minutes",
    ),
    ("E203", THANKS, "wait: 1d", "¦wait:", "write a duration such as 2d, or {for, at, until, plus}"),
    (
        "E204",
        THANKS,
        "topic: news",
        "topic: news\nactive: {from: ¦01/02/2026}",
        "write a date such as 2026-11-27 or a date-time such as 2026-11-27T09:00:00Z",
    ),
    ("E204", THANKS, "topic: news", "topic: news\nactive: {from: ¦2026-2-1}", "write `2026-02-01`"),
    ("E204", THANKS, "topic: news", "topic: news\npriority: ¦urgent", "known here: high, low, normal"),
    ("E203", THANKS, "topic: news", "topic: news\nreentry: ¦never", "write `once`"),
    ("E203", THANKS, "topic: news", "topic: news\nreentry: ¦30d", "write {after: 30d}"),
    (
        "E203",
        THANKS,
        "topic: news",
        "topic: news\nreentry: {after: ¦30}",
        "say in which unit: `30d` for days, `30h` for hours, `30m` for minutes",
    ),
    ("E201", THANKS, "topic: news", "topic: news\n¦once: true", "did you mean `reentry`?"),
    ("E203", THANKS, "on: {event: Order Completed, key: order}", "on: ¦Order Completed", "write {event: Order Completed}"),
    ("E201", THANKS, "on: {event: Order Completed, key: order}", "¦when: {event: Order Completed}", "did you mean `on`?"),
    ("E201", THANKS, "on: {event: Order Completed, key: order}", "¦trigger: {event: Order Completed}", "did you mean `on`?"),
    (
        "E301",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "on: {event: ¦order completed}",
        "did you mean `Order Completed`?",
    ),
    (
        "E301",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "on: {event: ¦order_completed}",
        "did you mean `Order Completed`?",
    ),
    (
        "E302",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "on: {event: Order Completed, key: ¦order_id}",
        "did you mean `order`?",
    ),
    (
        "E203",
        THANKS,
        "topic: news",
        "topic: news\nif: ¦total > 50",
        'write {">": [{var: total}, 50]}, with the whole place that is read',
    ),
    (
        "E401",
        THANKS,
        "topic: news",
        "topic: news\nif: {¦total: {'>': 50}}",
        'the operator comes first: {">": [{var: total}, 50]}',
    ),
    (
        "E401",
        THANKS,
        "topic: news",
        "topic: news\nif: {¦total: {gte: 50}}",
        'the operator comes first: {">=": [{var: total}, 50]}',
    ),
    (
        "E401",
        THANKS,
        "topic: news",
        "topic: news\nif: {¦profile.features.orders: 3}",
        'the operator comes first: {"==": [{var: profile.features.orders}, 3]}',
    ),
    (
        "E401",
        THANKS,
        "topic: news",
        "topic: news\nif: {¦event.properties.kind: [web, shop]}",
        'the operator comes first: {"in": [{var: event.properties.kind}, ["web", "shop"]]}',
    ),
    (
        "E401",
        THANKS,
        "topic: news",
        "topic: news\nif: {¦stage.current: {var: stage.previous}}",
        'the operator comes first: {"==": [{var: stage.current}, …]}',
    ),
    (
        "E401",
        THANKS,
        "topic: news",
        "topic: news\nif: {¦'event.properties.total > 50': true}",
        'write the operator first, and what it compares in a list: {">=": [{var: PLACE}, 3]}',
    ),
    (
        "E401",
        THANKS,
        "topic: news",
        "topic: news\nif: {¦orders: 3}",
        'the operator comes first: {"==": [{var: orders}, 3]}, with the whole place that is read',
    ),
    (
        "E403",
        THANKS,
        "topic: news",
        'topic: news\nif: {">": [¦event.properties.total, 50]}',
        "to read what stands there, write {var: event.properties.total}",
    ),
    (
        "E306",
        THANKS,
        "topic: news",
        'topic: news\nif: {">": [{var: ¦properties.total}, 50]}',
        "did you mean `event.properties.total`?",
    ),
    (
        "E306",
        THANKS,
        "topic: news",
        'topic: news\nif: {">": [{var: ¦event.total}, 50]}',
        "did you mean `event.properties.total`?",
    ),
    ("E306", THANKS, "topic: news", 'topic: news\nif: {">": [{var: ¦total}, 50]}', "did you mean `event.properties.total`?"),
    (
        "E306",
        THANKS,
        "topic: news",
        'topic: news\nif: {">": [{var: ¦profile.orders}, 1]}',
        "did you mean `profile.features.orders`?",
    ),
    ("E306", THANKS, "topic: news", 'topic: news\nif: {">": [{var: ¦orders}, 1]}', "did you mean `profile.features.orders`?"),
    ("E401", THANKS, "topic: news", 'topic: news\nif: {¦"=": [{var: profile.features.orders}, 1]}', "did you mean '=='?"),
    ("E401", THANKS, "topic: news", "topic: news\nif: {¦equals: [{var: profile.features.orders}, 1]}", "did you mean '=='?"),
    (
        "E401",
        THANKS,
        "topic: news",
        'topic: news\nif: {¦AND: [{">": [{var: profile.features.orders}, 1]}]}',
        "did you mean 'and'?",
    ),
    (
        "E403",
        THANKS,
        "topic: news",
        'topic: news\nif: {">": [{var: profile.features.orders}, ¦"1"]}',
        "write the number without quotes",
    ),
    ("E402", THANKS, "topic: news", 'topic: news\nif: {"==": [{var: profile.traits.plan}, ¦Free]}', "did you mean `free`?"),
    (
        "E404",
        THANKS,
        "topic: news",
        'topic: news\nif: {"!=": [{var: ¦profile.traits.plan}, free]}',
        (
            "give a default, {var: [profile.traits.plan, …]},"
            ' or ask first, in an earlier line: {"!=": [{var: profile.traits.plan}, null]}'
        ),
    ),
    ("E307", THANKS, "topic: news", "topic: news\nif: {segment: ¦Buyers}", "did you mean `buyers`?"),
    ("E401", THANKS, "topic: news", "topic: news\nif: {¦in_segment: buyers}", "did you mean 'segment'?"),
    ("E203", THANKS, "send: {template: thanks, channel: email}", "send: ¦thanks", "write {template: thanks}"),
    (
        "E202",
        THANKS,
        "send: {template: thanks, channel: email}",
        "¦send: {template: thanks}",
        "`send` needs one of `channel`, `prefer`",
    ),
    (
        "E312",
        THANKS,
        "send: {template: thanks, channel: email}",
        "send: {template: thanks, channel: ¦Email}",
        "did you mean `email`?",
    ),
    (
        "E203",
        THANKS,
        "send: {template: thanks, channel: email}",
        "send: {template: thanks, channel: ¦[email, sms]}",
        "write `prefer: [email, sms]`",
    ),
    (
        "E310",
        THANKS,
        "send: {template: thanks, channel: email}",
        "send: {template: ¦thanks.html, channel: email}",
        "did you mean `thanks`?",
    ),
    (
        "E203",
        THANKS,
        "send: {template: thanks, channel: email}",
        "send: {template: thanks, channel: email, expires: ¦24}",
        "say in which unit: `24d` for days, `24h` for hours, `24m` for minutes",
    ),
    (
        "E201",
        THANKS,
        "send: {template: thanks, channel: email}",
        "send: {template: thanks, channel: email, ¦subject: Hi}",
        "known here: expires, merge, prefer, survey, with",
    ),
    ("E201", THANKS, "send: {template: thanks, channel: email}", "¦email: {template: thanks}", "did you mean `send`?"),
    (
        "E203",
        THANKS,
        "  - send: {template: thanks, channel: email}",
        "  - ¦send:\n    template: thanks\n    channel: email",
        "write its settings below it, indented further",
    ),
    (
        "E205",
        THANKS,
        "  - wait: 1d\n",
        "  - wait: 1d\n    ¦send: {template: thanks, channel: email}\n",
        "keep one of `send`, `wait`, `wait_for`, `branch`, `split`, `set`, `emit`, `move_to`, `task`, `webhook`, `exit`",
    ),
    ("E201", THANKS, "then:", "¦steps:", "did you mean `then`?"),
    (
        "E203",
        THANKS,
        "then:\n  - wait: 1d\n  - send: {template: thanks, channel: email}\n",
        "then: ¦wait 1d\n",
        "write a list of steps",
    ),
    (
        "E204",
        THANKS,
        "campaign: thanks\n",
        "campaign: ¦Thanks for your order / 2026\n",
        "write a name (no slashes, no blanks around it)",
    ),
    ("E203", THANKS, "campaign: thanks\n", "campaign: ¦2026\n", 'put it in quotes: "2026"'),
    ("E201", THANKS, "campaign: thanks\n", "¦name: thanks\n", "did you mean `campaign`?"),
    ("E203", THANKS, "stage: retention", "stage: ¦[interest, retention]", "write a name (no slashes, no blanks around it)"),
    ("E303", THANKS, "stage: retention", "stage: ¦Retention", "did you mean `retention`?"),
    ("E203", THANKS, "topic: news", "topic: news\ngoal: ¦Order Completed", "write {event: Order Completed}"),
    (
        "E203",
        THANKS,
        "topic: news",
        "topic: news\ngoal: {event: Order Completed, within: ¦14}",
        "say in which unit: `14d` for days, `14h` for hours, `14m` for minutes",
    ),
    ("E204", THANKS, "topic: news", "topic: news\nholdout: ¦10 %", "write `10%`"),
    ("E203", THANKS, "topic: news", "topic: news\nholdout: ¦0.1", "write `10%`, or `0.1%` if so little is meant"),
    (
        "E102",
        THANKS,
        "  - wait: 1d",
        "  - branch:\n      - if: {segment: buyers}\n        then: [exit]\n      ¦else: [exit]",
        "align it with its neighbours",
    ),
    (
        "E203",
        THANKS,
        "  - wait: 1d",
        "  - branch: ¦{if: {segment: buyers}, then: [exit]}",
        "write a list: begin the first line of each with `- `, or put it into [ ]",
    ),
    (
        "E201",
        THANKS,
        "  - wait: 1d",
        "  - ¦if: {segment: buyers}\n    then: [exit]",
        "ways stand under `branch`: write `branch: [{if: …, then: […]}]`",
    ),
    (
        "E203",
        THANKS,
        "  - wait: 1d",
        "  - split: ab\n    arms: ¦[{weight: 50}, {weight: 50}]",
        "write settings: {name: value}, or one a line below it",
    ),
    ("E203", THANKS, "  - wait: 1d", "  - split: ab\n    arms: {a: ¦50, b: 50}", "write {weight: 50}"),
    (
        "E203",
        THANKS,
        "  - wait: 1d",
        "  - split: ab\n    arms: {a: {weight: ¦50%}, b: {weight: 50%}}",
        "write a number of at least 1 and at most 100, without quotes",
    ),
    ("E202", THANKS, "  - wait: 1d", "  - ¦wait_for: {event: Order Refunded}", "add `within`"),
    ("E205", THANKS, "  - wait: 1d", "  - wait_for: {event: Order Refunded, ¦for: 3d}", "did you mean `within`?"),
    ("E303", WHEEL, "start: interest", "start: ¦Interest", "did you mean `interest`?"),
    (
        "E201",
        WHEEL,
        "from: interest, to: retention, on: {event: Order Completed}",
        "from: interest, to: retention, ¦event: Order Completed",
        "a pattern stands under `on`: write `on: {event: …}`",
    ),
    ("E303", WHEEL, "from: interest, to: retention", "from: interest, to: ¦loyalty", "known here: interest, lost, retention"),
    ("E204", WHEEL, "on: {without: Order Completed, for: 90d}", "on: {without: Order Completed, for: ¦90 days}", "write `90d`"),
    ("E203", WHEEL, "stages: [interest, retention]", "stages: ¦interest, retention", "write `[interest, retention]`"),
    ("E203", WHEEL, "on: {event: Order Completed}}", "on: {event: Order Completed}, turn: ¦yes}", "write `true`"),
    ("E204", POLICIES, "consent: asked", "consent: ¦ask", "did you mean `asked`?"),
    (
        "E203",
        POLICIES,
        "caps: [{at_most: 3, per: 7d, class: marketing}]",
        "caps: ¦{at_most: 3, per: 7d}",
        "write a list: begin the first line of each with `- `, or put it into [ ]",
    ),
    ("E203", POLICIES, "at_most: 3, per: 7d", "at_most: ¦three, per: 7d", "write a number of at least 0, without quotes"),
    ("E204", POLICIES, "at_most: 3, per: 7d", "at_most: 3, per: ¦week", "write a duration such as 90s, 15m, 6h or 2d"),
    ("E204", POLICIES, 'sms: "21:00-09:00"', 'sms: ¦"21-9"', "write `21:00-09:00`"),
    ("E204", POLICIES, 'sms: "21:00-09:00"', 'sms: ¦"9pm-9am"', "write `21:00-09:00`"),
    ("E312", POLICIES, "quiet: {sms", "quiet: {¦SMS", "did you mean `sms`?"),
    ("E204", POLICIES, "zone: Europe/Rome", "zone: ¦Rome", "use an IANA name such as Europe/Rome"),
    ("E203", POLICIES, "transactional: [receipt]", "transactional: ¦receipt", "write `[receipt]`"),
    ("E305", POLICIES, "transactional: [receipt]", "transactional: [¦receipts]", "did you mean `receipt`?"),
    (
        "E203",
        POLICIES,
        "topics: {news: {consent: asked}, offers: {consent: assumed}}",
        "topics: ¦[news, offers]",
        "write {NAME: {consent: asked}}, or {NAME: {consent: assumed}}, for each topic",
    ),
    (
        "E307",
        POLICIES,
        "zone: Europe/Rome",
        "zone: Europe/Rome\nholds: {x: {if: {segment: ¦buyer}, stops: marketing}}",
        "did you mean `buyers`?",
    ),
    (
        "E201",
        POLICIES,
        "zone: Europe/Rome",
        "zone: Europe/Rome\nholds: {x: {if: {segment: buyers}, ¦stop: marketing}}",
        "did you mean `stops`?",
    ),
    ("E203", POLICIES, "zone: Europe/Rome", "zone: Europe/Rome\ncontrol_group: ¦5", "write `5%`"),
    (
        "E301",
        PROFILE,
        "orders: {count: Order Completed}",
        "orders: {count: ¦Order Complete}",
        "did you mean `Order Completed`?",
    ),
    ("E201", PROFILE, "orders: {count: Order Completed}", "orders: {¦counts: Order Completed}", "did you mean `count`?"),
    ("E203", PROFILE, "orders: {count: Order Completed}", "orders: ¦count Order Completed", "write {count: Order Completed}"),
    (
        "E204",
        PROFILE,
        "last: properties.score, of: Survey Answered",
        "last: ¦score, of: Survey Answered",
        "write one such as properties.total",
    ),
    ("E203", PROFILE, "orders: {count: Order Completed}", "orders: {count: Order Completed, over: ¦30}", "write `30d`"),
    ("E206", PROFILE, "email: {type: string}", "email: ¦string", "write {type: string}"),
    ("E206", PROFILE, "email: {type: string}", "email: {type: ¦text}", "did you mean `string`?"),
    ("E204", ORDER, "keys: {order: properties.order_id}", "keys: {order: ¦order_id}", "write `properties.order_id`"),
    ("E203", ORDER, "keys: {order: properties.order_id}", "keys: ¦[order_id]", "write {NAME: properties.PLACE} for each key"),
    ("E206", ORDER, "total: {type: number}", "total: ¦number", "write {type: number}"),
    ("E206", ORDER, "required: [order_id, total]", "required: ¦order_id", "write `[order_id]`"),
    (
        "E207",
        ORDER,
        "sample: {order_id: O-1, total: 10}",
        "sample: {order_id: ¦1, total: 10}",
        "change the sample or the schema",
    ),
    ("E207", ORDER, "sample: {order_id: O-1, total: 10}", "¦sample: {total: 10}", "change the sample or the schema"),
    (
        "E207",
        ORDER,
        "sample: {order_id: O-1, total: 10}",
        "sample: {order_id: O-1, total: 10, kind: ¦Web}",
        "change the sample or the schema",
    ),
    ("E201", ORDER, "event: Order Completed", "¦name: Order Completed", "did you mean `event`?"),
    ("E201", SEGMENTS, "buyers: {if:", "buyers: {¦rule:", "did you mean `if`?"),
    (
        "E508",
        SEGMENTS,
        None,
        'a: {if: {segment: b}}\n¦b: {if: {segment: a}}\nbuyers: {if: {">": [{var: profile.features.orders}, 0]}}\n',
        "write one of them without the others",
    ),
    (
        "E203",
        SEGMENTS,
        None,
        '¦- buyers: {if: {">": [{var: profile.features.orders}, 0]}}\n',
        "write settings: {name: value}, or one a line below it",
    ),
    (
        "E201",
        SEGMENTS,
        None,
        'buyers: {¦">": [{var: profile.features.orders}, 0]}\n',
        'a condition stands under `if`: write {if: {">": …}}',
    ),
    ("E306", SEGMENTS, None, 'buyers: {if: {">": [{var: ¦event.properties.total}, 0]}}\n', "test a feature or a trait"),
    (
        "E204",
        SENDERS,
        "from: hello@shop.example",
        "from: ¦The Shop <hello@shop.example>",
        "write an address alone such as hello@shop.example; what people read beside it is `name`",
    ),
    ("E201", SENDERS, "from: hello@shop.example", "¦form: hello@shop.example", "did you mean `from`?"),
    (
        "E203",
        SENDERS,
        'from: "+15005550006"',
        "from: ¦+15005550006",
        "put it in quotes, with its `+` or its zeros if it has some",
    ),
    ("E203", SENDERS, 'from: "+15005550006"', "from: ¦0039333", "put it in quotes, with its `+` or its zeros if it has some"),
    ("E201", SENDERS, "sms: {from", "¦whatsapp: {from", "known here: sms, task, webhook"),
    ("E303", ANNA, "stage: retention", "stage: ¦loyal", "known here: interest, lost, retention"),
    ("E207", ANNA, "traits: {plan: free}", "traits: {plan: ¦gold}", "change the sample or the schema"),
    ("E207", ANNA, "features: {orders: 2}", "features: {orders: ¦'2'}", "change the sample"),
    ("E203", ANNA, "consent: {news: [email]}", "consent: {news: ¦email}", "write `[email]`"),
    ("E203", ANNA, "consent: {news: [email]}", "consent: ¦[news]", "write settings: {name: value}, or one a line below it"),
    ("E306", ANNA, "features: {orders: 2}", "features: {¦order: 2}", "did you mean `orders`?"),
    ("E201", TEST, "profile: anna", "¦persona: anna", "did you mean `profile`?"),
    ("E314", TEST, "profile: anna", "profile: ¦Anna", "did you mean `anna`?"),
    (
        "E204",
        TEST,
        'at: "2026-03-02T09:30:00Z"',
        "at: ¦2026-03-02 9:30",
        'write a time such as "2026-03-02T09:30:00Z", or "+2d" from the first',
    ),
    ("E301", TEST, "event: Order Completed", "event: ¦Order Complete", "did you mean `Order Completed`?"),
    ("E207", TEST, "total: 60", "total: ¦'60'", "change the sample or the schema"),
    ("E305", TEST, "campaign: receipt", "campaign: ¦receipts", "did you mean `receipt`?"),
    ("E102", TABLE, None, "product_id¦;name;days\nP-1;Tea;30\n", "save the table as CSV with commas"),
    ("E102", TABLE, None, 'product_id,name,days\n¦P-1,"Tea,30\n', "mend the quotes of this line"),
    ("E204", TABLE, None, "product_id,name,days\n¦P-1,Tea, green,30\n", "put a text that holds a comma in quotes"),
    ("W505", TABLE, None, "product_id,name,days\nP-1,Tea,30\n¦P-1,Coffee,45\n", "the last one counts; keep one"),
    ("E313", TABLE, None, "¦product_id,name,name\nP-1,Tea,30\n", "name each column once"),
    ("E202", TABLE, None, "¦", "write the names of its columns into the first line"),
    ("E311", TEMPLATE, "sender: shop", "sender: ¦Shop", "did you mean `shop`?"),
    (
        "E603",
        TEMPLATE,
        "subject: Thank you",
        "subject: Thank you {{ ¦profile.traits.first_name }}",
        'write {{ profile.traits.first_name | default("…") }}, or test it: {% if profile.traits.first_name %} … {% endif %}',
    ),
    (
        "E102",
        TEMPLATE,
        "subject: Thank you",
        "subject: Thank you¦: {{ profile.traits.plan }}",
        "put the text in quotes; a setting of its own stands on its own line, or in braces: {name: value}",
    ),
    ("E102", TEMPLATE, "subject: Thank you", "subject: {¦{ profile.traits.first_name }}", 'put it in quotes: "{{ … }}"'),
    ("E201", TEMPLATE, "subject: Thank you", "¦title: Thank you", "did you mean `subject`?"),
    (
        "W602",
        TEXT,
        "{{ event.properties.order_id }}",
        "¦{ event.properties.order_id }",
        "to print a value, write {{ event.properties.order_id }}",
    ),
    ("E306", TEXT, "{{ event.properties.order_id }}", "{{ ¦order_id }}", "did you mean `event.properties.order_id`?"),
    ("E306", TEXT, "{{ event.properties.order_id }}", "{{ ¦event.order_id }}", "did you mean `event.properties.order_id`?"),
    ("E306", TEXT, "{{ event.properties.order_id }}", "{{ ¦event.properties.orderid }}", "did you mean `order_id`?"),
    (
        "E306",
        TEXT,
        "{{ event.properties.order_id }}",
        "{{ ¦profile.first_name | default('x') }}",
        "did you mean `profile.traits.first_name`?",
    ),
    (
        "E306",
        TEXT,
        "{{ event.properties.order_id }}",
        "{{ ¦first_name | default('x') }}",
        "did you mean `profile.traits.first_name`?",
    ),
    ("E601", TEXT, "{{ event.properties.order_id }}", "{{ event.properties.total | ¦currency }}", "did you mean `money`?"),
    (
        "W602",
        TEXT,
        "{{ event.properties.order_id }}",
        "¦%FIRST_NAME% {{ event.properties.order_id }}",
        "to print a value, write {{ profile.traits.first_name }}",
    ),
    ("E204", SURVEY, "kind: nps", "kind: ¦NPS", "did you mean `nps`?"),
    ("E204", SURVEY, None, 'survey: nps\nkind: csat\nscale: ¦[5, 1]\nquestion: {en: "x"}\n', "write [1, 5]"),
    (
        "E203",
        SURVEY,
        None,
        "survey: nps\nkind: nps\nquestion: ¦How likely?\n",
        "write the question by language: {en: How likely are you to …?}",
    ),
    (
        "E304",
        "campaigns/j.json",
        None,
        (
            '{"campaign": "j", "stage": "retention", "topic": ¦"newz", "on": {"event": "Order Refunded"}, '
            '"then": [{"send": {"template": "coupon", "channel": "email", "with": {"code": "A"}}}]}'
        ),
        "did you mean `news`?",
    ),
    ("E202", "campaigns/j.json", None, "¦{'campaign': 'j'}", "add `stage` and `on` and `then`"),
    ("E102", "campaigns/j.json", None, '¦// my campaign\n{"campaign": "j"}', "use `#`"),
    ("E203", "campaigns/j.yaml", None, "¦", "write it, or remove it"),
    ("E203", "campaigns/j.yaml", None, "¦# nothing yet\n", "write it, or remove it"),
    (
        "E102",
        "campaigns/j.yaml",
        None,
        "---\ncampaign: j\n¦---\ncampaign: k\n",
        "remove what follows `---`, or give it its own file",
    ),
    (
        "W101",
        "campaigns/j.yml",
        None,
        "¦" + BASE["campaigns/thanks.yaml"].replace("thanks", "j", 1),
        "name it `campaigns/j.yaml`",
    ),
    (
        "W101",
        "campaigns/j.yaml.txt",
        None,
        "¦" + BASE["campaigns/thanks.yaml"],
        "name it `campaigns/j.yaml`",
    ),
    (
        "W101",
        "campaigns/sub/j.yaml",
        None,
        "¦" + BASE["campaigns/thanks.yaml"],
        "name it `campaigns/j.yaml`",
    ),
    ("W101", "template/x/email.txt", None, "¦x", "did you mean `templates`?"),
    (
        "W101",
        "templates/thanks/Email.txt",
        None,
        "¦x",
        "a template's files are email.html, email.mjml, email.txt, sms.txt, template.yaml",
    ),
    ("E306", "templates/thanks/en/email.txt", None, "Ciao {{ ¦event.properties.order_idd }}", "did you mean `order_id`?"),
]
"""(code, file, what is replaced or None for the whole file, by what, the fix)"""

ELSEWHERE: list[tuple[str, str, str | None, str, tuple[str, int, int], str]] = [
    ("E102", THANKS, "  - wait: 1d\n", "  wait: 1d\n", ("campaigns/thanks.yaml", 7, 3), "align it with its neighbours"),
    (
        "E102",
        THANKS,
        "on: {event: Order Completed, key: order}",
        "on: {event: Order Completed, key: order",
        ("campaigns/thanks.yaml", 5, 5),
        "close it, or add the missing comma",
    ),
    (
        "E102",
        THANKS,
        "topic: news",
        "topic: news\nowner: [Marketing",
        ("campaigns/thanks.yaml", 5, 3),
        "close it, or add the missing comma",
    ),
    (
        "E202",
        PROFILE,
        "last: properties.score, of: Survey Answered",
        "last: properties.score",
        ("profile.yaml", 9, 3),
        "add `of`",
    ),
    (
        "E206",
        PROFILE,
        "traits:\n  type: object\n  properties:",
        "traits:",
        ("profile.yaml", 2, 5),
        "put it under `properties`: {type: object, properties: {…}}",
    ),
    (
        "E207",
        ANNA,
        "features: {orders: 2}",
        "features: {orders: 0}",
        ("personas/anna.yaml", 2, 1),
        "change the rule or the profile below",
    ),
    (
        "E102",
        TEST,
        "- test: an order",
        "test: an order",
        ("tests/receipt.yaml", 2, 10),
        "align the two; each element of a list begins with `- `",
    ),
    (
        "E601",
        TEXT,
        "{{ event.properties.order_id }}",
        "{{ event.properties.order_id }",
        ("templates/thanks/email.txt", 1, 1),
        "write two braces on both sides: {{ … }}",
    ),
    (
        "E601",
        TEXT,
        "{{ event.properties.order_id }}",
        "{% if profile.traits.first_name %}Hi{% end %}",
        ("templates/thanks/email.txt", 1, 1),
        "each {% if … %} is closed by {% endif %}, and each {% for … %} by {% endfor %}",
    ),
    (
        "E601",
        TEXT,
        "{{ event.properties.order_id }}",
        "{% if profile.traits.first_name %}Hi",
        ("templates/thanks/email.txt", 2, 1),
        "each {% if … %} is closed by {% endif %}, and each {% for … %} by {% endfor %}",
    ),
    (
        "E313",
        "campaigns/Copy of thanks.yaml",
        None,
        BASE["campaigns/thanks.yaml"],
        ("campaigns/thanks.yaml", 1, 11),
        "give each campaign its own name",
    ),
]
"""… and those that are seen elsewhere than where the text was changed."""

SEVERAL = {"arms: {a: 50, b: 50}", "{a: {weight: 50%}, b: {weight: 50%}}"}
"""Texts that have the mistake twice."""


def _found(folder: Path, file: str, old: str | None, new: str) -> list[Finding]:
    text = new if old is None else BASE[file].replace(old, new, 1)
    assert old is None or old in BASE[file], "the small workspace has moved"
    for name, content in {**BASE, file: text}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return check(folder)


def _place(file: str, old: str | None, new: str) -> tuple[str, int, int]:
    before, mark, _ = (new if old is None else BASE[file].partition(old)[0] + new).partition("¦")
    assert mark
    return file, before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def _told(findings: list[Finding]) -> str:
    return "\n".join(map(str, findings))


@pytest.mark.parametrize(("code", "file", "old", "new", "fix"), TRAPS)
def test_a_mistake_is_one_finding_with_a_way_out(
    code: str, file: str, old: str | None, new: str, fix: str, tmp_path: Path
) -> None:
    findings = _found(tmp_path, file, old, new.replace("¦", ""))
    first = next(
        (one for one in findings if (one.code, one.file, one.line, one.column) == (code, *_place(file, old, new))), None
    )
    assert first is not None, _told(findings)
    assert fix in (first.fix or first.message)
    twice = any(text in new.replace("¦", "") for text in SEVERAL)
    assert len(findings) == 1 + twice, _told(findings)


@pytest.mark.parametrize(("code", "file", "old", "new", "place", "fix"), ELSEWHERE)
def test_a_mistake_that_shows_elsewhere_is_one_finding_too(
    code: str, file: str, old: str | None, new: str, place: tuple[str, int, int], fix: str, tmp_path: Path
) -> None:
    (found,) = _found(tmp_path, file, old, new)
    assert (found.code, found.file, found.line, found.column) == (code, *place)
    assert fix in (found.fix or found.message)


FINE: list[tuple[str, str, str]] = [
    (THANKS, "topic: news", "topic:\tnews"),
    (THANKS, "topic: news", "topic : news"),
    (THANKS, "wait: 1d", "wait: {for: 1d, at: 12:30}"),
    (POLICIES, 'sms: "21:00-09:00"', "sms: 21:00-09:00"),
    (THANKS, "on: {event: Order Completed, key: order}", "on: &start {event: Order Completed, key: order}\nexit: *start"),
    (THANKS, "campaign: thanks\n", "---\ncampaign: thanks\n"),
    (THANKS, "topic: news", "topic: news  # NO, on and 12:30 are texts"),
]


@pytest.mark.parametrize(("file", "old", "new"), FINE)
def test_what_only_looks_like_a_mistake_is_none(file: str, old: str, new: str, tmp_path: Path) -> None:
    assert _found(tmp_path, file, old, new) == []


@pytest.mark.parametrize("encoded", ["utf-8-sig", "utf-8"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_and_ends_of_line_of_other_editors_are_fine(encoded: str, end: str, tmp_path: Path) -> None:
    _found(tmp_path, THANKS, None, BASE[THANKS])
    for name, content in BASE.items():
        (tmp_path / name).write_bytes(content.replace("\n", end).encode(encoded))
    assert check(tmp_path) == []
    wrong = BASE[THANKS].replace("topic: news", "topic: newz").replace("\n", end)
    (tmp_path / THANKS).write_bytes(wrong.encode(encoded))
    assert [(one.code, one.line, one.column) for one in check(tmp_path)] == [("E304", 3, 8)]


@pytest.mark.parametrize("encoded", ["utf-16", "utf-16-le", "cp1252"])
def test_other_encodings_are_told_once(encoded: str, tmp_path: Path) -> None:
    _found(tmp_path, THANKS, None, BASE[THANKS])
    (tmp_path / THANKS).write_bytes(BASE[THANKS].replace("thanks\n", "grüße\n", 1).encode(encoded))
    (found,) = check(tmp_path)
    assert (found.code in ("E101", "E102"), found.file) == (True, THANKS)


def test_there_are_many_and_the_small_workspace_has_none(tmp_path: Path) -> None:
    assert len(TRAPS) + len(ELSEWHERE) > 150
    assert _found(tmp_path, THANKS, None, BASE[THANKS]) == []
