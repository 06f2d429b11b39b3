"""The nine campaigns that explain the grammar compile in a workspace that has what they name, and one thing is odd in them."""

import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from orchestrator.authoring import examine

ROOT = Path(__file__).parents[2]
NINE = ROOT.parent / "shared/spec/campaigns"
MORE = {
    "policies.yaml": """\
        topics: {newsletter: {}, reminders: {}, offers: {}, surveys: {}, referral: {}}
        transactional: [referral-reward]
        """,
    "senders.yaml": """\
        shop:
          email: {from: hello@shop.example, name: The Shop, postal_address: "1 Market Street, Milan"}
          sms: {from: "+15005550006"}
        care: {task: {}}
        care-leads: {task: {}}
        account-managers: {task: {}}
        referral-codes: {webhook: {url: "https://codes.example/new", secret: "env:CODES_SECRET"}}
        shop-coupons: {webhook: {url: "https://coupons.example/new", secret: "env:COUPONS_SECRET"}}
        """,
    "events/survey-answered.yaml": """\
        event: Survey Answered
        properties:
          type: object
          required: [survey, score]
          properties:
            survey: {enum: [nps, csat-delivery, csat-recovery]}
            score: {type: integer}
            comment: {type: string}
            order_id: {type: string}
        """,
    "events/order-delivered.yaml": """\
        event: Order Delivered
        keys: {order: properties.order_id}
        properties: {type: object, required: [order_id], properties: {order_id: {type: string}}}
        """,
    "events/setup-completed.yaml": "event: Setup Completed\n",
    "events/referral-converted.yaml": "event: Referral Converted\n",
    "events/referred-order-completed.yaml": """\
        event: Referred Order Completed
        properties: {type: object, required: [referrer_id], properties: {referrer_id: {type: string}}}
        """,
    "surveys/csat-delivery.yaml": 'survey: csat-delivery\nkind: csat\nscale: [1, 5]\nquestion: {en: "How was it?"}\n',
    "surveys/csat-recovery.yaml": 'survey: csat-recovery\nkind: csat\nscale: [1, 5]\nquestion: {en: "Is it solved?"}\n',
}
"""What the campaigns name and the shipped workspace has not, or has otherwise."""
PLAIN = ("first-tips", "need-a-hand", "refill-last-call")
WITH_CODE = ("referral-invite", "referral-reminder", "we-miss-you-ten")
WITH_SURVEY = ("csat-delivery", "how-did-we-do")


def _workspace(root: Path) -> Path:
    shutil.copytree(ROOT / "rules/library", root)
    for folder in ("campaigns", "tests", "personas", "templates/csat-delivery", "templates/we-miss-you-ten"):
        shutil.rmtree(root / folder)
    shutil.copytree(NINE, root / "campaigns")
    for name, text in MORE.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(dedent(text), encoding="utf-8")
    for names, text, inputs in ((PLAIN, "Hello", ""), (WITH_CODE, "{{ code }}", "inputs: {code: {type: string}}\n")):
        for name in names:
            _template(root, name, text, inputs)
    for name in WITH_SURVEY:
        _template(root, name, "{{ survey.url }}", "")
    return root


def _template(root: Path, name: str, text: str, inputs: str) -> None:
    folder = root / "templates" / name
    folder.mkdir(exist_ok=True)
    (folder / "template.yaml").write_text(f"sender: shop\nsubject: Hello\n{inputs}", encoding="utf-8")
    for file in ("email.txt", "email.html", "sms.txt"):
        (folder / file).write_text(f"{text}\n", encoding="utf-8")


@pytest.mark.skipif(not NINE.exists(), reason="the grammar's campaigns are not beside this checkout (../shared/spec)")
def test_the_campaigns_of_the_grammar_compile(tmp_path: Path) -> None:
    """The second survey of delivery-csat has no path for low scores, which the check is there to say."""
    found = examine(_workspace(tmp_path / "nine"))
    assert [(each.code, each.file, each.line) for each in found.findings] == [("W509", "campaigns/delivery-csat.yaml", 22)]
    assert {note.code for note in found.notes} == {"N901", "N902", "N903", "N904"}
