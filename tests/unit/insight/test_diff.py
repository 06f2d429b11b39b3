"""Two workspaces over one history: who gains, loses or gets when, and how far that can be trusted."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from orchestrator.authoring import load_workspace
from orchestrator.cli import app
from orchestrator.insight.diff import work

Make = Callable[..., Path]
CART = """
campaign: cart
stage: awareness
topic: reminders
on: {{event: Cart Updated, key: cart}}
if: {{">=": [{{var: event.properties.total}}, {least}]}}
reentry: always
goal: {{event: Order Completed, key: cart, within: 3d}}
then:
  - wait: {wait}
  - id: remind
    send: {{template: {template}, channel: {channel}}}
"""
PLAIN = {"least": "50", "wait": "1h", "template": "hello", "channel": "email"}
runner = CliRunner()


def cart(**settings: str) -> dict[str, str | None]:
    return {"campaigns/cart.yaml": CART.format(**PLAIN | settings), "campaigns/win-back.yaml": None}


def call(user: str | None, clock: str, event: str = "", **fields: Any) -> dict[str, Any]:
    who = {} if user is None else {"userId": user}
    what = {"type": "track", "event": event} if event else {"type": "identify"}
    found = {**what, **who, "timestamp": f"2026-03-{clock}:00Z", **fields}
    return {**found, "messageId": f"{user} {clock} {event} {fields.get('anonymousId', '')}"}


def consent(user: str) -> dict[str, Any]:
    return call(user, "01T08:00", "Consent Given", properties={"topic": "reminders"})


def full(user: str, clock: str, total: int = 80, ident: str = "C-1") -> dict[str, Any]:
    return call(user, clock, "Cart Updated", properties={"cart_id": ident, "total": total})


def bought(user: str, clock: str, ident: str = "C-1", **more: Any) -> dict[str, Any]:
    return call(user, clock, "Order Completed", properties={"cart_id": ident, "total": 80, **more})


class Diff:
    """Writes two workspaces and a log, and runs the command."""

    def __init__(self, make: Make, folder: Path) -> None:
        self.make, self.folder = make, folder
        self.until = ["--until", "2026-03-31"]

    def workspace(self, name: str, files: dict[str, str | None]) -> Path:
        return self.make(files).rename(self.folder / name)

    def run(self, old: dict[str, str | None], new: dict[str, str | None], calls: list[Any], *more: str) -> dict[str, Any]:
        found = json.loads(self.text(old, new, calls, "--format", "json", *more))
        assert isinstance(found, dict)
        return found

    def text(self, old: dict[str, str | None], new: dict[str, str | None], calls: list[Any], *more: str) -> str:
        log = self.folder / "events.jsonl"
        rows = (one if isinstance(one, str) else json.dumps(one) for one in calls)
        log.write_text("".join(row + "\n" for row in rows), encoding="utf-8")
        places = [str(self.workspace("old", old)), str(self.workspace("new", new))]
        ran = runner.invoke(app, ["diff", *places, "--events", str(log), *self.until, *more])
        assert ran.exit_code == 0, ran.output
        return ran.stdout


@pytest.fixture
def diff(make: Make, tmp_path: Path) -> Diff:
    return Diff(make, tmp_path)


def counts(result: dict[str, Any]) -> tuple[int, int, int, int]:
    return result["gained"], result["lost"], result["moved"], result["unchanged"]


def test_the_same_rules_change_nothing(diff: Diff) -> None:
    result = diff.run(cart(), cart(), [consent("anna"), full("anna", "02T09:00")])
    assert counts(result) == (0, 0, 0, 1)
    assert (result["affected"], result["customers"]) == (0, [])
    assert result["campaigns"] == {"cart": {"gained": 0, "lost": 0, "moved": 0, "unchanged": 1}}


@pytest.mark.parametrize(
    ("settings", "field", "before", "after"),
    [
        ({"wait": "2h"}, "at", "2026-03-02T10:00:00.000Z", "2026-03-02T11:00:00.000Z"),
        ({"channel": "sms"}, "channel", "email", "sms"),
        ({"template": "again"}, "template", "hello", "again"),
    ],
)
def test_another_time_channel_or_template_is_a_move(
    diff: Diff, settings: dict[str, str], field: str, before: str, after: str
) -> None:
    result = diff.run(cart(), cart(**settings), [consent("anna"), full("anna", "02T09:00")])
    assert counts(result) == (0, 0, 1, 0)
    (change,) = result["customers"][0]["changes"]
    assert (change["kind"], change["old"][field], change["new"][field]) == ("moved", before, after)
    assert change["old"]["message"] == change["new"]["message"]


def test_an_entry_left_out_moves_no_later_message(diff: Diff) -> None:
    """Ids count entries: by the id alone the second message would be the first one, moved by two days."""
    calls = [consent("anna"), full("anna", "02T09:00", 60, "C-1"), full("anna", "04T09:00", 90, "C-2")]
    result = diff.run(cart(), cart(least="70"), calls)
    assert counts(result) == (0, 1, 0, 1)
    (change,) = result["customers"][0]["changes"]
    assert (change["kind"], change["old"]["at"], change["new"]) == ("lost", "2026-03-02T10:00:00.000Z", None)
    assert change["why"] == "new: cart did not start then"


def test_what_one_side_lacks_is_told_with_its_reason(diff: Diff) -> None:
    hold = 'holds: {all: {if: {">=": [{var: profile.features.orders}, 0]}, stops: marketing}}\n'
    policies = "topics: {reminders: {consent: asked}, offers: {consent: asked}}\n"
    calls = [consent("anna"), full("anna", "02T09:00")]
    result = diff.run({**cart(), "policies.yaml": policies}, {**cart(), "policies.yaml": policies + hold}, calls)
    (change,) = result["customers"][0]["changes"]
    assert (change["kind"], change["new"]["state"], change["new"]["reason"]) == ("lost", "suppressed", "hold")
    assert change["why"] == "new: suppressed - a hold stops it"


def test_a_campaign_that_is_new_gains(diff: Diff) -> None:
    result = diff.run({**cart(), "campaigns/cart.yaml": None}, cart(), [consent("anna"), full("anna", "02T09:00")])
    assert counts(result) == (1, 0, 0, 0)
    (change,) = result["customers"][0]["changes"]
    assert (change["kind"], change["old"], change["why"]) == ("gained", None, "old: no campaign cart")
    assert result["days"] == {"2026-03-02": {"gained": 1, "lost": 0, "moved": 0, "unchanged": 0}}
    assert result["channels"] == {"email": {"gained": 1, "lost": 0, "moved": 0, "unchanged": 0}}


def test_segments_are_those_at_the_end_by_the_new_rules(diff: Diff) -> None:
    bought_once = 'buyers: {if: {">=": [{var: profile.features.orders}, 1]}}\n'
    calls = [*map(consent, ("anna", "ben")), *(full(user, "02T09:00") for user in ("anna", "ben")), bought("anna", "09T09:00")]
    result = diff.run(cart(), {**cart(wait="2h"), "segments.yaml": bought_once}, calls)
    assert {name: found["moved"] for name, found in result["segments"].items()} == {"(none)": 1, "buyers": 1}


def test_the_most_affected_come_first_and_at_most_ten(diff: Diff) -> None:
    users = [f"user-{number:02}" for number in range(25)]
    calls = [consent(user) for user in users] + [full(user, "02T09:00") for user in users]
    calls += [full("user-13", "04T09:00", ident="C-2")]
    for processes in ("1", "2"):
        result = diff.run(cart(), cart(wait="2h"), calls, "--processes", processes)
        found = [(one["profile"], one["moved"]) for one in result["customers"]]
        assert found == [("user-13", 2), *((f"user-{number:02}", 1) for number in range(9))]
        assert result["affected"] == 25
        for name in ("old", "new"):
            (diff.folder / name).rename(diff.folder / f"{name}-{processes}")


def test_where_nothing_is_sent_it_says_where_to_look(diff: Diff) -> None:
    told = diff.text(cart(), cart(wait="2h"), [full("anna", "02T09:00")])
    assert "0 unchanged" in told
    assert "nothing was sent in either workspace: `explain` says why" in told


def test_the_command_under_a_customer_can_be_run(diff: Diff) -> None:
    result = diff.run(cart(), cart(wait="2h"), [consent("anna b"), full("anna b", "02T09:00")])

    words = shlex.split(result["customers"][0]["explain"]["new"])
    ran = runner.invoke(app, [*words[1:], "--format", "json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    (accepted,) = [entry for entry in told["entries"] if entry["outcome"] == "accepted"]
    assert accepted["at"] == result["customers"][0]["changes"][0]["new"]["at"]


def test_a_campaign_that_has_another_name_now_is_compared_with_what_it_was(diff: Diff) -> None:
    """Only where the old name is gone and the new one is new; ids differ, so runs are paired by when they began."""
    calls = [consent("anna"), full("anna", "02T09:00"), consent("ben"), full("ben", "02T09:30", 60)]
    name = CART.format(**PLAIN | {"wait": "2h", "least": "70"}).replace("campaign: cart", "campaign: basket\nwas: cart")
    new = {"campaigns/cart.yaml": None, "campaigns/win-back.yaml": None, "campaigns/basket.yaml": name}
    for processes in ("1", "2"):
        result = diff.run(cart(), new, calls, "--processes", processes, "--out", str(diff.folder / "out"))
        assert result["renamed"] == {"cart": "basket"}
        assert result["campaigns"] == {"basket": {"gained": 0, "lost": 1, "moved": 1, "unchanged": 0}}
        whys = {one["profile"]: one["changes"][0]["why"] for one in result["customers"]}
        assert whys == {"anna": None, "ben": "new: basket did not start then"}
        page = (diff.folder / "out/index.html").read_text(encoding="utf-8")
        assert "basket is compared with what was cart" in page
        for side in ("old", "new"):
            (diff.folder / side).rename(diff.folder / f"{side}-{processes}")
    both = {**new, **cart(), "campaigns/basket.yaml": name}
    kept = diff.run(cart(), both, calls)
    assert (kept["renamed"], kept["campaigns"]["cart"]["lost"]) == ({}, 0)


# ── recorded reactions ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_goal_met_after_a_message_that_is_gone_hangs_on_it(diff: Diff) -> None:
    """The order came after the old reminder; the new rules send none, and a stage still moved because of it."""
    calls = [consent("anna"), full("anna", "02T09:00", 60), bought("anna", "02T12:00")]
    gone = diff.run(cart(), cart(least="70"), calls)
    assert gone["touched_by_recorded_reactions"] == 1
    assert gone["recorded_reactions"] == {"events": 1, "used": 1}


def test_a_goal_met_after_a_message_that_stays_does_not(diff: Diff) -> None:
    calls = [consent("anna"), full("anna", "02T09:00", 60), bought("anna", "02T12:00")]
    kept = diff.run(cart(), cart(least="40"), calls)
    assert (kept["touched_by_recorded_reactions"], kept["recorded_reactions"]["used"]) == (0, 1)


def test_it_hangs_on_it_too_where_the_new_rules_ask_for_no_such_event(diff: Diff) -> None:
    calls = [consent("anna"), full("anna", "02T09:00", 60), bought("anna", "02T12:00")]
    gone = diff.run(cart(), {**cart(), "campaigns/cart.yaml": None}, calls)
    assert gone["touched_by_recorded_reactions"] == 1


def test_an_event_that_names_a_message_hangs_on_it(diff: Diff) -> None:
    """Of a message that neither workspace sends, too: somebody's rules sent it."""
    calls = [consent("anna"), bought("anna", "02T12:00", message_id="of-last-year"), full("anna", "03T09:00", 10)]
    assert diff.run(cart(), cart(least="40"), calls)["touched_by_recorded_reactions"] == 1


def test_an_event_that_decides_nothing_is_no_decision(diff: Diff) -> None:
    opened = call("anna", "02T12:00", "Email Opened", properties={"message_id": "of-last-year"})
    result = diff.run(cart(), cart(), [consent("anna"), opened])
    assert result["touched_by_recorded_reactions"] == 0
    assert result["recorded_reactions"] == {"events": 1, "used": 0}


def test_it_is_said_plainly(diff: Diff) -> None:
    calls = [consent("anna"), full("anna", "02T09:00", 60), bought("anna", "02T12:00")]
    said = " ".join(diff.text(cart(), cart(least="70"), calls).split())
    assert "1 decision used reactions to messages that the new rules would not have sent." in said


# ── one result, however it is worked out ────────────────────────────────────────────────────────────────────────────


def _mixed() -> list[Any]:
    """Anonymous visits that become known ones, a shared device, alias, a late line, a duplicate and lines that are none."""
    calls: list[Any] = []
    for number in range(40):
        user, device = f"user-{number}", f"device-{number // 2}"
        calls += [consent(user), full(user, "02T09:00", 40 + number)]
        calls += [{**full(user, "01T09:30", 90, f"A-{number}"), "userId": None, "anonymousId": device}]
        calls += [call(user, "02T10:30", anonymousId=device), {**full(user, "03T08:00", 95, "C-9"), "anonymousId": device}]
    calls += [{**full("user-1", "04T09:00"), "userId": None, "anonymousId": "old-id"}]
    calls += [call("user-1", "05T09:00", type="alias", previousId="old-id"), full("user-7", "02T09:00", 47)]
    ordered = sorted(calls, key=lambda one: one["timestamp"])
    return [*ordered[:5], "{", {**full("user-3", "02T09:00"), "properties": {"total": "x"}}, *ordered[5:]]


@pytest.mark.parametrize(
    ("processes", "part_bytes", "until"),
    [
        ("1", work.PART_BYTES, ["--until", "2026-03-31"]),
        ("2", work.PART_BYTES, ["--until", "2026-03-31"]),
        ("3", work.PART_BYTES, []),
        ("1", 4_000, []),
        ("2", 2_000, ["--until", "2026-03-31"]),
    ],
)
def test_each_side_has_the_digest_and_counts_of_its_replay(
    diff: Diff, monkeypatch: pytest.MonkeyPatch, processes: str, part_bytes: int, until: list[str]
) -> None:
    """Without `--until` the clock stops at the last event of all, whose customer is of one part only."""
    monkeypatch.setattr(work, "PART_BYTES", part_bytes)
    diff.until = until
    cataloged = "event: Cart Updated\nkeys: {cart: properties.cart_id}\nproperties: {type: object, required: [total],\n"
    strict = cataloged + "  properties: {total: {type: number, minimum: 60}, cart_id: {type: string}}}\n"
    new = {**cart(wait="2h"), "events/cart-updated.yaml": strict}
    for files in (cart(wait="2h"), new):
        result = diff.run(cart(), files, _mixed(), "--processes", processes)
        assert result["processes"] == int(processes)
        for side in ("old", "new"):
            log = str(diff.folder / "events.jsonl")
            ran = runner.invoke(app, ["replay", str(diff.folder / side), "--events", log, *until, "--format", "json"])
            replayed = json.loads(ran.stdout)
            for field in ("digest", "events", "duplicates", "rejected", "profiles", "unknown_events"):
                assert result[side][field] == replayed[field], (side, field)
            sent = sum(states.get("accepted", 0) for states in replayed["messages"].values())
            gone = result["lost"] if side == "old" else result["gained"]
            assert sent == result["moved"] + result["unchanged"] + gone
        for side in ("old", "new"):
            (diff.folder / side).rename(diff.folder / f"{side}-{len(list(diff.folder.iterdir()))}")


def test_who_emits_to_others_keeps_everybody_together(diff: Diff) -> None:
    emits = (
        CART.format(**PLAIN)
        + "  - emit: {event: Order Completed, to: {var: event.properties.cart_id}, properties: {total: 1}}\n"
    )
    calls = [consent("anna"), consent("ben"), full("anna", "02T09:00", ident="ben"), full("ben", "02T09:30", ident="C-2")]
    result = diff.run({**cart(), "campaigns/cart.yaml": emits}, cart(wait="2h"), calls, "--processes", "2")
    assert (result["processes"], result["kept_together_by"]) == (1, ["cart"])
    log = str(diff.folder / "events.jsonl")
    ran = runner.invoke(app, ["replay", str(diff.folder / "old"), "--events", log, "--until", "2026-03-31", "--format", "json"])
    assert result["old"]["digest"] == json.loads(ran.stdout)["digest"]


# ── what it writes ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_stands_alone_and_escapes_what_it_shows(diff: Diff, tmp_path: Path) -> None:
    user = "<script>alert(1)</script>"
    diff.run(cart(), cart(wait="2h"), [consent(user), full(user, "02T09:00"), "{"], "--out", str(tmp_path / "out"))
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "messages moved" in page
    assert "that the new rules would not have sent" in page
    (row,) = map(json.loads, (tmp_path / "out/rejected.jsonl").read_text(encoding="utf-8").splitlines())
    assert (row["line"], row["by"]) == (3, "both")
    assert json.loads((tmp_path / "out/summary.json").read_text(encoding="utf-8"))["moved"] == 1


def test_both_stories_stand_side_by_side_on_the_page(diff: Diff, tmp_path: Path) -> None:
    calls = [consent("anna"), {**full("anna", "02T09:00"), "anonymousId": "phone"}]
    calls += [{**full("anna", "05T09:00", 90, "C-2"), "userId": None, "anonymousId": "phone"}]
    diff.run(cart(), cart(wait="2h"), calls, "--out", str(tmp_path / "out"), "--processes", "2")
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    told = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL)]
    table = told[next(at for at, row in enumerate(told) if "by the old rules" in row) :]
    assert table == [
        "when (UTC) by the old rules by the new rules",
        "2 things the same on both sides",
        "2 Mar 2026 09:00 joins cart triggered by Cart Updated",
        "10:00 gets hello by email cart",
        "11:00 gets hello by email cart",
        "5 Mar 2026 09:00 Cart Updated 90.00",
        "09:00 joins cart triggered by Cart Updated",
        "10:00 gets hello by email cart",
        "11:00 gets hello by email cart",
    ]


def test_no_stories_where_others_campaigns_may_be_part_of_them(diff: Diff, tmp_path: Path) -> None:
    emits = (
        CART.format(**PLAIN)
        + "  - emit: {event: Order Completed, to: {var: event.properties.cart_id}, properties: {total: 1}}\n"
    )
    calls = [consent("anna"), full("anna", "02T09:00", ident="ben")]
    diff.run({**cart(), "campaigns/cart.yaml": emits}, cart(wait="2h"), calls, "--out", str(tmp_path / "out"))
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    assert "by the old rules</th>" not in page
    assert "no two stories stand side by side" in page


def test_a_line_that_one_workspace_refuses_is_told_with_whose(diff: Diff) -> None:
    schema = "event: Cart Updated\nkeys: {cart: properties.cart_id}\nproperties: {type: object, required: [cart_id, total], "
    strict = schema + "properties: {total: {type: number, minimum: 60}, cart_id: {type: string}}}\n"
    calls = [consent("anna"), full("anna", "02T09:00", 55)]
    said = diff.text(cart(), {**cart(), "events/cart-updated.yaml": strict}, calls)
    assert "events.jsonl:2: " in said
    assert said.count("(by the new workspace)") == 1


def test_no_events_and_a_file_for_a_folder_are_wrong_usage(make: Make, tmp_path: Path) -> None:
    workspace = str(make(cart()))
    (tmp_path / "file").touch()
    absent = ["--events", str(tmp_path / "absent.jsonl")]
    for more in (
        [],
        absent,
        [*absent, "--processes", "2"],
        ["--events", str(tmp_path / "file"), "--out", str(tmp_path / "file")],
    ):
        ran = runner.invoke(app, ["diff", workspace, workspace, *more])
        assert type(ran.exception).__name__ == "UsageError"


def test_the_workspaces_of_the_tests_pass_the_check(make: Make) -> None:
    assert load_workspace(make(cart())).program.campaigns.keys() == {"cart"}
