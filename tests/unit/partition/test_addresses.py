"""Words about addresses hold for the turn in which they come, are durable with it, and withdraw their customer's consents."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from msgspec import structs

from orchestrator.authoring import load_workspace
from orchestrator.bootstrap.addresses import address_key, senders_of
from orchestrator.config import Settings
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.domain.campaign import Campaign, Node, Pattern, Reentry, Send, Steps
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Event, Outcome
from orchestrator.domain.policies import Policies, Topic
from orchestrator.domain.program import Program, Wheel
from orchestrator.domain.suppression import Word, hashed
from orchestrator.errors import UsageError
from orchestrator.partition.addresses import AddressList
from orchestrator.partition.engine import Engine
from orchestrator.partition.live import Answered, Arrival, Live, Outbox
from orchestrator.partition.partition import Surroundings
from orchestrator.stores.sqlite import SqliteFile
from tests.integration.small_workspace import write_workspace

KEY = b"0123456789abcdef"
START = 1_750_000_000_000
ANNA = hashed(KEY, "email", "anna@example.com")


def program(cls: str = "marketing") -> Program:
    steps = Steps("v", (Node("0", Send("t", ("email",))),), 0)
    campaign = Campaign("c", "a", steps, (Pattern("on", event="E"),), topic="news", cls=cls, reentry=Reentry(0))
    policies = Policies({"news": Topic("news", assumed=True)})
    return Program("p", Wheel("a", ("a",)), policies=policies, campaigns={"c": campaign})


class Shop:
    """An engine on a file; everything that leaves is accepted."""

    def __init__(
        self, path: Path, cls: str = "marketing", partitions: int = 1, reaches: Callable[[str], bool] = lambda _: True
    ) -> None:
        self.file = SqliteFile(path / "state.sqlite", partitions=partitions)
        stores = [self.file.partition(number) for number in range(partitions)]
        addresses = AddressList(KEY, stores[0].listed, {("t", "email"): "shop@example.com"}, reaches=reaches)
        outbox = Outbox()
        self.live = Live(Engine(stores, Surroundings(program(cls), OpenGovernor(), outbox, addresses=addresses)), outbox)
        self.count = 0

    def turn(self, *words: Word, user: str = "anna", happens: bool = True) -> list[str]:
        """Who is written to."""
        self.count += 1
        now = START + self.count * 1_000
        event = Event(f"m{self.count}", now, name="E", user_id=user, received_at=now, traits={"email": "Anna@example.com"})
        turn = self.live.turn([Arrival(0, event)] if happens else [], [], now, caught_up=True, words=words)
        self.live.turn([], [Answered(o.key, Outcome(o.message_id, "accepted")) for o in turn.outgoing], now, caught_up=True)
        return [one.to for one in turn.outgoing]


@pytest.mark.parametrize("cls", ["marketing", "transactional"])
def test_who_is_not_on_the_safe_list_is_suppressed_for_that_reason(tmp_path: Path, cls: str) -> None:
    shop = Shop(tmp_path, cls, reaches=Settings(safe_list=frozenset({"@ours.example"})).reaches)
    assert shop.turn() == []
    rows = shop.file.connection.execute("select given, decision from journal order by seq").fetchall()
    given, decided = rows[-1]
    assert msgspec.msgpack.decode(given)["verdict"] == {"input": "refusal", "gate": "suppression", "why": "safe_list"}
    (change,) = msgspec.msgpack.decode(decided, type=Decision).messages
    assert (change.state, change.reason) == ("suppressed", "suppression")


def test_who_is_on_the_safe_list_is_written_to(tmp_path: Path) -> None:
    assert Shop(tmp_path, reaches=Settings(safe_list=frozenset({"@example.com"})).reaches).turn() == ["Anna@example.com"]


def stop(at: int = START + 1_500, scope: str = "all", *, on: bool = True) -> Word:
    return Word(ANNA, "email", "stop", scope, at, "sms", "STOP", on)


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_word_stops_what_comes_in_the_same_turn_and_everything_after_a_restart(tmp_path: Path, partitions: int) -> None:
    shop = Shop(tmp_path, partitions=partitions)
    assert shop.turn() == ["Anna@example.com"]
    assert shop.turn(stop()) == []
    shop.file.close()
    again = Shop(tmp_path, partitions=partitions)
    again.count = 5
    assert again.turn() == []
    assert again.turn(user="somebody else with the same address") == []
    (entry,) = again.file.partition(0).listed(ANNA)
    assert (entry.kind, entry.scope, entry.source, entry.lifted) == ("stop", "all", "sms", None)


def test_the_consent_of_whom_was_written_to_there_follows(tmp_path: Path) -> None:
    shop = Shop(tmp_path, partitions=3)
    shop.turn()
    shop.turn(stop(), happens=False)
    engine = shop.live.engine
    profile = engine.home("u:anna").find("u:anna")
    assert profile is not None
    assert profile.profile.consents["news"]["email"].given is False
    assert shop.turn() == []
    assert shop.turn(stop(START + 3_500, on=False)) == ["Anna@example.com"]
    assert profile.profile.consents["news"]["email"].given is True


def test_who_leaves_agrees_and_leaves_again_at_their_provider_gets_no_more(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.turn()
    left = Word(ANNA, "email", "unsubscribed", "", START + 1_500, "sendgrid")
    assert shop.turn(left) == []
    given = Event("given", START + 2_500, name="Consent Given", user_id="anna", received_at=START + 2_500)
    shop.live.turn([Arrival(0, structs.replace(given, properties={"topic": "news"}))], [], START + 2_500, caught_up=True)
    assert shop.turn() == ["Anna@example.com"]
    assert shop.turn(structs.replace(left, at=START + 3_500)) == []
    assert shop.turn() == []


def test_one_of_our_senders_is_stopped_alone(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    assert shop.turn(stop(scope="sender:other@example.com")) == ["Anna@example.com"]
    assert shop.turn(stop(scope="sender:shop@example.com")) == []


def test_a_word_of_marketing_scope_lets_transactional_messages_pass(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "transactional")
    assert shop.turn(stop(scope="marketing")) == ["Anna@example.com"]
    assert shop.turn(stop()) == []


def test_a_file_draws_its_key_once_and_refuses_another_once_something_is_listed(tmp_path: Path) -> None:
    file = SqliteFile(tmp_path / "state.sqlite")
    own = address_key(file, b"")
    assert address_key(file, b"") == own
    assert address_key(file, KEY) == KEY
    shop = Shop(tmp_path)
    shop.turn(stop())
    assert address_key(file, KEY) == KEY
    with pytest.raises(UsageError, match="ORCHESTRATOR_ADDRESS_KEY"):
        address_key(file, b"another key of 16")


def test_senders_are_known_by_template_and_channel(tmp_path: Path) -> None:
    senders = senders_of(load_workspace(write_workspace(tmp_path / "w", "lesson-old")))
    assert senders[("receipt", "email")] == "a@shop.example"
