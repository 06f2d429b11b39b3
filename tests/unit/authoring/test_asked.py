"""What a run's conditions have asked for may be printed as it stands; what may have gone since may not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.authoring import check

Written = Callable[..., Path]
PROFILE, ORDER = "profile.yaml", "events/order-completed.yaml"
CAMPAIGN = """\
campaign: name
stage: retention
topic: news
on: {event: Order Completed, key: order%s}
%s
then:
  - wait: 1d
%s
"""
SEND = "  - send: {template: name, channel: email}"
NAME, KIND, TOTAL = "profile.traits.first_name", "event.properties.kind", "profile.features.last_total"
RECENT = "profile.features.recent_total"


def there(place: str) -> str:
    return f'{{"!=": [{{var: {place}}}, null]}}'


@pytest.fixture
def found(written: Written, base: dict[str, str]) -> Callable[..., list[str]]:
    """The E603s where a template prints `place`, each with its fix."""

    def find(place: str, *, on: str = "", settings: str = "", steps: str = SEND) -> list[str]:
        more = "  last_total: {last: properties.total, of: Order Completed}\n"
        more += "  recent_total: {last: properties.total, of: Order Completed, over: 30d}\n"
        changed = {
            "campaigns/name.yaml": CAMPAIGN % (on, settings, steps),
            "campaigns/thanks.yaml": None,
            "policies.yaml": base["policies.yaml"].replace(", except: [thanks]", ""),
            PROFILE: base[PROFILE] + more,
            "templates/coupon/template.yaml": None,
            "templates/coupon/email.html": None,
            "templates/name/template.yaml": "sender: shop\nsubject: Hello\n",
            "templates/name/email.txt": f"Hello {{{{ {place} }}}}\n",
        }
        findings = [one for one in check(written(changed)) if one.code != "W507"]
        assert {one.code for one in findings} <= {"E603"}, findings
        return [f"{one.message}; {one.fix}" for one in findings]

    return find


Find = Callable[..., list[str]]


@pytest.mark.parametrize("place", [NAME, KIND, TOTAL, RECENT])
def test_what_nothing_asks_for_may_be_absent(place: str, found: Find) -> None:
    (told,) = found(place)
    assert f"`{place}` may be absent" in told
    assert "`while`" not in told


def test_while_is_asked_whenever_a_message_is_made(found: Find) -> None:
    for place in (NAME, TOTAL, RECENT):
        assert found(place, settings=f"while: {there(place)}") == [], place
    assert found(NAME, settings=f'while: [{{"==": [{{var: {NAME}}}, Ada]}}, {there(KIND)}]') == []


def test_an_event_keeps_what_the_start_or_a_branch_has_asked_of_it(found: Find) -> None:
    assert found(KIND, settings=f"if: {there(KIND)}") == []
    assert found(KIND, on=f", if: {there(KIND)}") == []
    branch = f"  - branch:\n      - if: {there(KIND)}\n        then: [{{{SEND.strip(' -')}}}]"
    assert found(KIND, steps=branch) == []
    assert len(found(KIND, steps=f"{branch}\n  - {{id: again, {SEND.strip(' -')}}}")) == 1, "after it nothing is known"


def test_a_feature_without_a_window_stays_once_it_is_there(found: Find) -> None:
    assert found(TOTAL, settings=f"if: {there(TOTAL)}") == []
    assert found(TOTAL, settings=f'if: {{">": [{{var: {TOTAL}}}, 5]}}') == []
    (told,) = found(RECENT, settings=f"if: {there(RECENT)}")
    assert "the campaign asks for it before, and it may be gone by then: ask it in `while`" in told


def test_a_trait_that_only_the_start_has_asked_for_may_be_gone(found: Find) -> None:
    (told,) = found(NAME, settings=f"if: {there(NAME)}")
    assert "the campaign asks for it before, and it may be gone by then: ask it in `while`" in told


def test_one_of_two_is_not_both(found: Find) -> None:
    assert len(found(NAME, settings=f"while: {{or: [{there(NAME)}, {there(KIND)}]}}")) == 1


def test_the_answer_of_a_wait_is_another_event(found: Find) -> None:
    steps = f"""\
  - wait_for: {{event: Order Completed, within: 3d, if: {there(KIND)}}}
    then:
    {SEND}
"""
    assert found(KIND, steps=steps) == []
    steps = steps.replace(f", if: {there(KIND)}", "")
    assert len(found(KIND, settings=f"if: {there(KIND)}", steps=steps)) == 1
