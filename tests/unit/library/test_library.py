"""The shipped workspace is complete in itself: what the check cannot see from one file."""

import re
from pathlib import Path
from shutil import copytree
from typing import Any

import jsonschema_rs
import minijinja
import pytest
import yaml

from orchestrator.authoring import check
from orchestrator.domain.choices import PLACEHOLDERS

ROOT = Path(__file__).parents[3] / "rules"
LIBRARY = ROOT / "library"
CAMPAIGNS = sorted((LIBRARY / "campaigns").glob("*.yaml"))
TEMPLATES = sorted(path.parent for path in (LIBRARY / "templates").rglob("email.html"))
GSM_7 = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXAMPLE = re.compile(r"^```\w+\n(?:# |<!-- )(\S+/\S+)(?: -->)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
LONGEST = {
    **PLACEHOLDERS,
    "profile": {"traits": {}},
    "event": {"properties": {"order_id": "O" * 20, "ticket_id": "T" * 24, "name": "N" * 40, "price": 12345.67}},
    "items": [{}],
    "survey": {"url": "https://shop.example/s/" + "t" * 55},
    "code": "C" * 20,
    "sender": {"name": "The Shop", "postal_address": "1 Market Street"},
}


def loaded(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 - plain texts only


def sends(steps: Any) -> list[dict[str, Any]]:
    if isinstance(steps, list):
        return [send for step in steps for send in sends(step)]
    if not isinstance(steps, dict):
        return []
    own = [steps["send"]] if isinstance(steps.get("send"), dict) else []
    return own + [send for value in steps.values() for send in sends(value)]


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: path.stem)
def test_every_message_is_written_in_both_languages_for_each_of_its_channels(path: Path) -> None:
    for send in sends(loaded(path)["then"]):
        folder = LIBRARY / "templates" / send["template"]
        sms = {"sms.txt"} if "sms" in send.get("prefer", [send.get("channel")]) else set()
        for place in (folder, folder / "it"):
            files = {item.name for item in place.iterdir() if item.is_file()}
            assert files == {"template.yaml", "email.html", "email.txt"} | sms


def test_every_template_is_sent_by_a_campaign() -> None:
    sent = {send["template"] for path in CAMPAIGNS for send in sends(loaded(path)["then"])}
    assert sent == {path.name for path in (LIBRARY / "templates").iterdir()}


@pytest.mark.parametrize("folder", TEMPLATES, ids=lambda path: "-".join(path.relative_to(LIBRARY).parts[1:]))
def test_a_message_renders_for_a_customer_of_whom_nothing_is_known(folder: Path) -> None:
    jinja = minijinja.Environment(undefined_behavior="strict")
    texts = {file.name: jinja.render_str(file.read_text("utf-8"), file.name, **LONGEST) for file in folder.glob("*.*t*")}
    assert "{{" not in "".join(texts.values())
    sms = texts.get("sms.txt", "").strip()
    assert len(sms) <= 160
    assert set(sms) <= GSM_7


@pytest.mark.parametrize("path", CAMPAIGNS, ids=lambda path: path.stem)
def test_every_campaign_has_scenarios(path: Path) -> None:
    assert (LIBRARY / "tests" / path.name).exists()


@pytest.mark.parametrize("path", sorted((LIBRARY / "events").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_sample_obeys_its_schema_and_its_comment_says_what_to_send(path: Path) -> None:
    event = yaml.safe_load(path.read_text(encoding="utf-8"))
    jsonschema_rs.validator_for(event["properties"]).validate(event["sample"])
    assert path.read_text(encoding="utf-8").startswith("# ")


def test_the_demo_overlay_differs_in_consent_alone() -> None:
    shipped, demo = loaded(LIBRARY / "policies.yaml"), loaded(ROOT / "demo" / "policies.yaml")
    assert list(demo) == ["topics"]
    assert demo["topics"] == {topic: {"consent": "assumed"} for topic in shipped["topics"]}


def test_the_check_has_nothing_to_say() -> None:
    assert [str(finding) for finding in check(LIBRARY)] == []


def test_every_example_of_the_guide_is_valid(tmp_path: Path) -> None:
    """Each block that starts with a file name is laid over the shipped workspace."""
    workspace = tmp_path / "workspace"
    copytree(LIBRARY, workspace)
    guide = (ROOT / "AUTHORING.md").read_text(encoding="utf-8")
    examples = EXAMPLE.findall(guide)
    assert len(examples) >= 10
    for name, text in examples:
        file = workspace / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert [str(finding) for finding in check(workspace) if finding.severity == "error"] == []
