"""`orchestrator preview`: what customers see, as a page, in words, as JSON, and as a test to one address."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from orchestrator.cli import app
from orchestrator.cli.demo import lay_out
from orchestrator.errors import UsageError

SMS = "templates/cart-reminder/sms.txt"
ITALIAN = "templates/cart-reminder/it/email.html"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return lay_out(tmp_path / "shop")


def preview(shop: Path, *options: str, template: str = "cart-reminder", **env: str) -> Result:
    return CliRunner().invoke(app, ["preview", str(shop), template, *options], env=env)


def messages(shop: Path, *options: str, template: str = "cart-reminder") -> dict[tuple[str, str, str], dict[str, Any]]:
    result = preview(shop, "--format", "json", *options, template=template)
    found = json.loads(result.stdout)
    return {(one["persona"], one["locale"], one["channel"]): one for one in found["messages"]}


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def test_each_persona_in_each_language_on_each_channel(shop: Path) -> None:
    found = messages(shop)
    assert len(found) == 4 * 2 * 2
    mail = found["regular", "it-IT", "email"]
    assert (mail["subject"], mail["own"], mail["to"]) == ("Il tuo carrello ti aspetta", True, "marco@example.com")
    assert "Ciao Marco," in mail["text"]
    assert "Ciao Marco," in mail["html"]
    assert mail["sender"]["name"] == "The Shop"
    assert found["lapsed", "it", "sms"]["to"] == ""
    assert found["regular", "en", "email"]["own"] is False


def test_the_senders_address_stands_below_marketing(shop: Path) -> None:
    mail = messages(shop)["regular", "it-IT", "email"]
    assert "20121 Milan, Italy" in mail["text"]
    assert "20121 Milan, Italy" in mail["html"]


def test_what_a_campaign_gives_is_what_the_template_gets(shop: Path) -> None:
    found = messages(shop, template="complaint-received")
    sample = re.search(
        r"ticket_id: ([\w-]+)", (shop / "events/ticket-opened.yaml").read_text(encoding="utf-8").split("sample")[1]
    )
    assert sample is not None
    assert f"Your complaint {sample[1]} " in found["newcomer", "en-GB", "email"]["text"]


@pytest.mark.parametrize("template", ["csat-delivery", "new-arrivals", "price-drop", "welcome-favourites", "happy-birthday"])
def test_surveys_lists_and_inputs_have_values(shop: Path, template: str) -> None:
    assert preview(shop, template=template).exit_code == 0


def test_every_shipped_template_can_be_seen(shop: Path) -> None:
    for folder in sorted((shop / "templates").iterdir()):
        found = messages(shop, template=folder.name)
        assert not [one["error"] for one in found.values() if one["error"]], folder.name


def test_the_characters_that_make_an_sms_dear_are_named(shop: Path) -> None:
    append(shop / SMS, "\N{RIGHT SINGLE QUOTATION MARK}s — 🛒\N{RIGHT SINGLE QUOTATION MARK}")
    size = messages(shop)["regular", "en", "sms"]["segments"]
    assert (size["encoding"], size["room"], size["each"], size["count"]) == ("UCS-2", 70, 67, 2)
    named = {one["code"]: (one["name"], one["times"]) for one in size["foreign"]}
    assert named == {"U+2019": ("right single quotation mark", 2), "U+2014": ("em dash", 1), "U+1F6D2": ("shopping trolley", 1)}


def test_what_is_missing_is_named_and_said_to_stop_the_message(shop: Path) -> None:
    append(shop / ITALIAN, "{{ stage.previous }}{% if profile.traits.plan %}x{% endif %}")
    result = preview(shop, "--format", "json")
    assert result.exit_code == 1
    assert "E603" in result.stderr
    mail = messages(shop)["lapsed", "it", "email"]
    assert "`stage.previous`: no value here" in mail["error"]
    assert mail["missing"] == ["profile.traits.plan", "stage.previous"]
    assert messages(shop)["lapsed", "en", "email"]["error"] == ""


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.frames: list[dict[str, str | None]] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "iframe":
            self.frames.append(dict(attrs))
        self.loaded += [tag] if tag in ("script", "link", "img") else []


def test_the_page_shuts_each_message_into_a_frame_without_rights(shop: Path, tmp_path: Path) -> None:
    append(shop / ITALIAN, "<script>alert(1)</script>&quot;&gt;")
    assert preview(shop, "--out", str(tmp_path / "out")).exit_code == 0
    page = (tmp_path / "out" / "preview.html").read_text(encoding="utf-8")
    read = _Page()
    read.feed(page)
    assert len(read.frames) == 4 * 2 * 2, "a phone and a desktop for each"
    assert all(frame["sandbox"] in ("", None) and "sandbox" in frame for frame in read.frames)
    assert any("<script>alert(1)</script>" in (frame["srcdoc"] or "") for frame in read.frames)
    assert read.loaded == []
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page


def test_it_can_be_told_for_one_persona_and_language(shop: Path) -> None:
    result = preview(shop, "--persona", "regular", "--locale", "it")
    assert result.exit_code == 0
    assert "email for regular, it-IT" in result.stdout
    assert "lapsed" not in result.stdout


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--persona", "regulr"], "did you mean `regular`?"),
        (["--locale", "de"], "the template is written in en, it"),
    ],
)
def test_a_wrong_option_is_told(shop: Path, options: list[str], said: str) -> None:
    result = preview(shop, *options)
    assert said in str(result.exception)


def test_an_unknown_template_is_told_with_the_nearest(shop: Path) -> None:
    assert "did you mean `cart-reminder`?" in str(preview(shop, template="cart-remindr").exception)


def test_a_test_is_marked_and_goes_to_one_address(shop: Path, tmp_path: Path) -> None:
    box = tmp_path / "box"
    options = ["--outbox", str(box), "--persona", "regular", "--to"]
    assert preview(shop, *options, "me@example.org").exit_code == 0
    assert preview(shop, *options, "+39333000").exit_code == 0
    (mail,) = (json.loads(line) for line in (box / "email.jsonl").read_text(encoding="utf-8").splitlines())
    (text,) = (json.loads(line) for line in (box / "sms.jsonl").read_text(encoding="utf-8").splitlines())
    assert (mail["to"], mail["subject"]) == ("me@example.org", "[Test] Il tuo carrello ti aspetta")
    assert mail["headers"] == {"X-Orchestrator-Test": "true"}
    assert text["body_text"].startswith("[Test] The Shop:")


@pytest.mark.parametrize(
    "to",
    [
        "",
        " ",
        "foo",
        "not-an-address@",
        "@shop.example",
        "a b@shop.example",
        "a@b@c",
        "a@.example",
        "39333000",
        "+39",
        "+39x333000",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(shop: Path, tmp_path: Path, to: str) -> None:
    result = preview(shop, "--outbox", str(tmp_path / "box"), "--to", to)
    assert isinstance(result.exception, UsageError)
    assert "is no address" in str(result.exception)
    assert not (tmp_path / "box").exists()


@pytest.mark.parametrize(("options", "person"), [([], "dissatisfied"), (["--persona", "regular"], "regular")])
def test_a_test_says_as_for_whom_it_is(shop: Path, tmp_path: Path, options: list[str], person: str) -> None:
    result = preview(shop, "--outbox", str(tmp_path / "box"), "--to", "me@localhost", *options)
    assert f"to me@localhost, as for {person} in" in result.stdout


@pytest.mark.parametrize(
    ("to", "goes"), [("me@staging.example", True), ("Boss@Shop.example", True), ("ada@example.com", False)]
)
def test_a_test_reaches_the_safe_list_only(shop: Path, tmp_path: Path, to: str, goes: bool) -> None:  # noqa: FBT001
    box = tmp_path / "box"
    result = preview(shop, "--outbox", str(box), "--to", to, ORCHESTRATOR_SAFE_LIST="@staging.example, boss@shop.example")
    assert box.exists() is goes
    assert goes or "ORCHESTRATOR_SAFE_LIST does not name it" in str(result.exception)
