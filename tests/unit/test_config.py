"""What the environment may say, and what it is told where it says something else."""

from __future__ import annotations

import pytest

from orchestrator.config import read_settings, sending_settings
from orchestrator.errors import UsageError


def test_rates_are_read_where_they_are_given() -> None:
    assert read_settings({}).rates == {}
    assert read_settings({"ORCHESTRATOR_SMS_RATE": "5"}).rates == {"sms": 5}


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "fast", "", "٣"])
def test_a_rate_that_is_none_is_refused_with_what_to_write(given: str) -> None:
    with pytest.raises(UsageError, match=r"ORCHESTRATOR_EMAIL_RATE: .* write a whole number from 1"):
        read_settings({"ORCHESTRATOR_EMAIL_RATE": given})


def test_where_recipients_reach_the_door() -> None:
    assert read_settings({}).public_url == ""
    assert read_settings({"ORCHESTRATOR_PUBLIC_URL": "https://shop.example/here/"}).public_url == "https://shop.example/here"
    for given in ("shop.example", "ftp://shop.example", "https://", "https://shop.example/?a=b"):
        with pytest.raises(UsageError, match=r"ORCHESTRATOR_PUBLIC_URL: .* write it as `https://shop.example`"):
            read_settings({"ORCHESTRATOR_PUBLIC_URL": given})


def test_a_key_of_links_is_long_and_not_shown() -> None:
    settings = read_settings({"ORCHESTRATOR_SURVEY_KEY": "k" * 16})
    assert settings.survey_key == b"k" * 16
    assert "kkkk" not in repr(settings)
    with pytest.raises(UsageError, match="ORCHESTRATOR_SURVEY_KEY"):
        read_settings({"ORCHESTRATOR_SURVEY_KEY": "short"})


def test_what_a_stop_ends_is_one_of_two() -> None:
    assert (read_settings({}).stop, read_settings({"ORCHESTRATOR_STOP": "sender"}).stop) == ("all", "sender")
    with pytest.raises(UsageError, match="ORCHESTRATOR_STOP"):
        read_settings({"ORCHESTRATOR_STOP": "half"})


def test_a_safe_list_names_addresses_and_domains() -> None:
    settings = read_settings({"ORCHESTRATOR_SAFE_LIST": "Me@shop.example, @staging.example"})
    assert [settings.reaches(to) for to in ("me@SHOP.example", "a@staging.example", "a@shop.example", "+39333")] == [
        True,
        True,
        False,
        False,
    ]
    assert read_settings({}).reaches("anybody@example.com")


def test_staging_does_not_start_without_a_safe_list() -> None:
    with pytest.raises(UsageError, match="ORCHESTRATOR_SAFE_LIST"):
        sending_settings(None, {"ORCHESTRATOR_ENVIRONMENT": "staging"})
    with pytest.raises(UsageError, match="this is staging"):
        sending_settings("staging", {})
    assert sending_settings("staging", {"ORCHESTRATOR_SAFE_LIST": "@ours.example"}).environment == "staging"
    assert sending_settings("production", {"ORCHESTRATOR_ENVIRONMENT": "staging"}).environment == "production"
    assert sending_settings(None, {}).environment == "production"


def test_an_environment_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no environment 'stagging'"):
        sending_settings("stagging", {"ORCHESTRATOR_SAFE_LIST": "@ours.example"})


def test_a_safe_list_that_names_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="names nobody"):
        read_settings({"ORCHESTRATOR_SAFE_LIST": " , "})
