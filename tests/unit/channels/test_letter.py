"""Letters as they stand on the wire."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace

import pytest

from channels.letter import Letter, is_address, letter_bytes, letter_of, one_line
from orchestrator.delivery.channel import Refused, RenderedMessage

MESSAGE = RenderedMessage("m1", "email", "ada@example.com", "Ciao", "welcome", {"from": "shop@example.org"}, "Ciao")


def wire(message: RenderedMessage) -> bytes:
    letter = letter_of(message)
    assert isinstance(letter, Letter)
    return letter_bytes(letter)


@pytest.mark.parametrize("address", ["a@b", "a.b+c@example.com", "è@exämple.it", "-a@b.c"])
def test_plain_addresses_are_taken(address: str) -> None:
    assert is_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *("", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a@b\r\nX: y", "a@b,c@d", "A <a@b>", '"a"@b', "a@b\x85", "\ud800@b"),
        *("a" * 65 + "@b", "a@" + "b" * 253, "a@b\u2028", "a\u00a0@b", "a@b;c"),
    ],
)
def test_what_could_be_read_otherwise_is_no_address(address: str) -> None:
    assert not is_address(address)


def test_a_long_unsubscribe_link_stays_on_its_line() -> None:
    link = "<https://shop.example.org/u/" + "t" * 300 + ">"
    assert f"\r\nList-Unsubscribe: {link}\r\n".encode() in wire(replace(MESSAGE, headers={"List-Unsubscribe": link}))


@pytest.mark.parametrize("value", ["x" * 990, "è", "a\tb", "a\nb"])
def test_a_header_that_does_not_fit_a_line_is_refused(value: str) -> None:
    assert letter_of(replace(MESSAGE, headers={"List-Unsubscribe": value})) == Refused(
        "reject", "header", "an extra header is malformed or not ours to set"
    )


@pytest.mark.parametrize("name", ["Anna & Co.", 'The "Shop"', "Il Négozio", "=?utf-8?q?x?=", "A, B", "a\\b", "È" * 20])
def test_a_senders_name_arrives_as_written(name: str) -> None:
    sender = {"from": "shop@example.org", "name": name}
    letter = email.message_from_bytes(wire(replace(MESSAGE, sender=sender)), policy=email.policy.default)
    (box,) = letter["From"].addresses
    assert (box.display_name, box.addr_spec) == (name, "shop@example.org")


def test_every_line_is_ascii_and_of_bearable_length() -> None:
    subject, body = "È arrivato il tuo ordine 🎉 " * 10, "è una riga lunga " * 200
    content = wire(replace(MESSAGE, subject=subject, body_text=body, body_html=f"<p>{body}</p>"))
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_text_comes_before_html() -> None:
    letter = email.message_from_bytes(wire(replace(MESSAGE, body_html="<b>Ciao</b>")), policy=email.policy.default)
    assert letter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]


def test_a_line_is_one_line_and_no_longer_than_said() -> None:
    assert one_line(" a\r\n\tb\u2028c\0d ", 100) == "a b c d"
    assert one_line("x" * 50, 10) == "x" * 10


def test_the_message_id_is_made_from_ours() -> None:
    assert b"\r\nMessage-ID: <m%2F1%0D%0A@example.org>\r\n" in wire(replace(MESSAGE, message_id="m/1\r\n"))
