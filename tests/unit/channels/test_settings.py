"""Channel settings: what is wrong is named, what may be secret is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import aiohttp
import pytest

from channels.file import FileChannel
from channels.sendgrid import SendGridChannel
from channels.settings import Settings, Timeouts
from channels.smtp import SmtpChannel
from channels.twilio import TwilioChannel
from orchestrator.errors import UsageError

NO_SESSION = cast("aiohttp.ClientSession", None)
SENDGRID = {"api_key": "SG.secret"}
TWILIO = {"account_sid": "AC1", "auth_token": "secret"}
SMTP = {"host": "mail.example.org", "tls": "none"}


@pytest.mark.parametrize(
    ("make", "settings", "named"),
    [
        (FileChannel, {}, "'folder' is missing"),
        (FileChannel, {"folder": "x", "durable": "maybe"}, "'durable'"),
        (SendGridChannel, {}, "'api_key' is missing"),
        (SendGridChannel, {"api_key": "SG.secret\r\nX: y"}, "'api_key'"),
        (SendGridChannel, {**SENDGRID, "base-url": "x"}, "'base-url' is unknown"),
        (SendGridChannel, {**SENDGRID, "base_url": "api.sendgrid.com"}, "'base_url'"),
        (SendGridChannel, {**SENDGRID, "base_url": "https://u:secret@x"}, "'base_url'"),
        (SendGridChannel, {**SENDGRID, "read_timeout": 0}, "'read_timeout'"),
        (SendGridChannel, {**SENDGRID, "read_timeout": "nan"}, "'read_timeout'"),
        (SendGridChannel, {**SENDGRID, "connect_timeout": True}, "'connect_timeout'"),
        (SendGridChannel, {**SENDGRID, "codes": {"400": "explode"}}, "'codes'"),
        (TwilioChannel, {"account_sid": "AC1"}, "'auth_token' is missing"),
        (TwilioChannel, {"account_sid": "AC1", "api_key_sid": "SK1"}, "'api_key_secret' is missing"),
        (TwilioChannel, {**TWILIO, "messaging_service_sid": "MGsecret"}, "'messaging_service_sid'"),
        (TwilioChannel, {**TWILIO, "validity_period": 36_001}, "'validity_period'"),
        (SmtpChannel, {}, "'host' is missing"),
        (SmtpChannel, {**SMTP, "tls": "perhaps"}, "'tls'"),
        (SmtpChannel, {**SMTP, "port": 70_000}, "'port'"),
        (SmtpChannel, {**SMTP, "username": "us"}, "'password' is missing"),
        (SmtpChannel, {**SMTP, "hello_name": "two words"}, "'hello_name'"),
        (SmtpChannel, {**SMTP, "return_path": "nobody"}, "'return_path'"),
        (SmtpChannel, {"host": "mail.example.org", "ca_file": "nowhere.pem"}, "'ca_file'"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(make: Callable[..., Any], settings: dict[str, Any], named: str) -> None:
    with pytest.raises(UsageError, match="setting ") as caught:
        make(settings, NO_SESSION)
    assert named in str(caught.value)
    assert "secret" not in str(caught.value).replace("api_key_secret", "")


def test_settings_may_come_as_text_from_the_environment() -> None:
    settings = Settings("x", {"connect_timeout": "2.5", "port": "25", "on": "true", "codes": "30007=reject, rcpt 550=config"})
    assert settings.timeouts() == Timeouts(2.5, 15.0)
    assert settings.whole("port", 1, 1, 99) == 25
    assert settings.flag("on", default=False)
    assert settings.codes({"30007": "config", "1": "reject"}) == {"30007": "reject", "1": "reject", "rcpt 550": "config"}
    settings.finish()


def test_an_api_key_can_stand_for_the_accounts_token() -> None:
    channel = TwilioChannel({"account_sid": "AC1", "api_key_sid": "SK1", "api_key_secret": "s"}, NO_SESSION)
    assert aiohttp.BasicAuth.decode(channel._headers["Authorization"])[:2] == ("SK1", "s")
