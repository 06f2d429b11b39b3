"""What the environment may say, and what it is told where it says something else."""

from __future__ import annotations

import pytest

from orchestrator.config import read_settings
from orchestrator.errors import UsageError


def test_rates_are_read_where_they_are_given() -> None:
    assert read_settings({}).rates == {}
    assert read_settings({"ORCHESTRATOR_SMS_RATE": "5"}).rates == {"sms": 5}


@pytest.mark.parametrize("given", ["0", "-1", "1.5", "fast", "", "٣"])
def test_a_rate_that_is_none_is_refused_with_what_to_write(given: str) -> None:
    with pytest.raises(UsageError, match=r"ORCHESTRATOR_EMAIL_RATE: .* write a whole number from 1"):
        read_settings({"ORCHESTRATOR_EMAIL_RATE": given})
