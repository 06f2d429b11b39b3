"""What a campaign is expected to do within a span: silence and surges, judged over all partitions, never in haste."""

from __future__ import annotations

from orchestrator.domain.alarms import SILENCE, SURGE, Tally, decode, encode, watched

HOUR, DAY = 3_600_000, 24 * 3_600_000
START = 1_750_000_000_000 // DAY * DAY


def tally(*times: int, since: int = START, **expected: int) -> Tally:
    found = Tally("welcome", "sends", DAY, since=since, **expected)
    for at in times:
        found.add(START + at)
    return found


def raised(now: int, *tallies: Tally, whole: bool = True) -> dict[str, tuple[int, int]]:
    return {one.kind: (one.number, one.bound) for one in watched(tallies, START + now, whole=whole) if one.raised}


def test_silence_is_too_few_within_the_whole_span() -> None:
    quiet = tally(HOUR, at_least=2)
    assert raised(DAY, quiet) == {SILENCE: (1, 2)}
    assert raised(DAY, tally(HOUR, 23 * HOUR, at_least=2)) == {}
    assert raised(3 * DAY, tally(HOUR, 23 * HOUR, at_least=2)) == {SILENCE: (0, 2)}


def test_silence_is_never_told_before_the_span_is_over() -> None:
    assert raised(DAY - 1, tally(at_least=1)) == {}
    assert raised(DAY, tally(at_least=1)) == {SILENCE: (0, 1)}
    assert raised(DAY, tally(at_least=1, since=START + HOUR)) == {}
    assert raised(10 * DAY, tally(at_least=1, since=0)) == {}


def test_a_message_counts_against_silence_for_no_less_than_the_span() -> None:
    """Parts of an hour: what left at 10:59 counts until 11:00 of the next day at least."""
    once = tally(11 * HOUR - 1, at_least=1)
    assert raised(DAY + 11 * HOUR - 1, once) == {}
    assert raised(DAY + 12 * HOUR, once) == {SILENCE: (0, 1)}


def test_silence_is_asked_only_while_the_campaign_is_active() -> None:
    assert raised(2 * DAY, tally(at_least=1, start=START + 2 * DAY)) == {}
    assert raised(3 * DAY, tally(at_least=1, start=START + 2 * DAY)) == {SILENCE: (0, 1)}
    assert raised(3 * DAY, tally(at_least=1, until=START + 2 * DAY)) == {}


def test_a_surge_is_more_than_at_most_within_no_more_than_the_span() -> None:
    assert raised(HOUR, tally(0, 1, 2, at_most=2)) == {SURGE: (3, 2)}
    assert raised(HOUR, tally(0, 1, at_most=2)) == {}
    assert raised(DAY, tally(0, HOUR, 2 * HOUR, at_most=2)) == {}


def test_a_surge_is_measured_by_the_busiest_span_before() -> None:
    usual = [day * DAY + n for day, number in enumerate((3, 5, 4)) for n in range(number)]
    today = [3 * DAY + n for n in range(11)]
    assert raised(3 * DAY + HOUR, tally(*usual, *today, at_most=2, times=2)) == {SURGE: (11, 10)}
    assert raised(3 * DAY + HOUR, tally(*usual, *today[:10], at_most=2, times=2)) == {}
    assert raised(3 * DAY + HOUR, tally(*today[:2], at_most=2, times=2)) == {}
    assert raised(40 * DAY + HOUR, tally(*usual, *(40 * DAY + n for n in range(3)), at_most=2, times=2)) == {SURGE: (3, 2)}


def test_all_partitions_are_judged_together() -> None:
    assert raised(DAY, tally(HOUR, at_least=2), tally(2 * HOUR, at_least=2)) == {}
    assert raised(DAY, tally(HOUR, at_least=3), tally(2 * HOUR, at_least=3)) == {SILENCE: (2, 3)}
    assert raised(HOUR, tally(0, at_most=1), tally(0, at_most=1)) == {SURGE: (2, 1)}
    days = [tally(0, 1, at_most=1, times=1), tally(0, DAY, DAY + 1, DAY + 2, at_most=1, times=1)]
    assert raised(DAY + HOUR, *days) == {}


def test_of_silence_nothing_is_said_until_all_have_told() -> None:
    quiet = tally(at_least=1)
    assert raised(DAY, quiet, whole=False) == {}
    assert raised(HOUR, tally(0, 1, at_most=1), whole=False) == {SURGE: (2, 1)}


def test_nothing_within_the_span_is_forgotten() -> None:
    steady = tally(*range(0, 5 * DAY, HOUR), at_least=1, at_most=9)
    now = START + 5 * DAY - 1
    assert steady.within(now, wide=True) == 25
    assert steady.within(now, wide=False) == 24
    odd = Tally("welcome", "sends", 100 * 60_000, since=START)
    for minute in range(1_000):
        odd.add(START + minute * 60_000)
    assert 100 <= odd.within(START + 1_000 * 60_000 - 1, wide=True) <= 105
    assert 95 <= odd.within(START + 1_000 * 60_000 - 1, wide=False) <= 100


def test_a_tally_stays_small_and_survives_being_kept() -> None:
    busy = tally(*range(0, 90 * DAY, HOUR // 2), at_least=1, at_most=9, times=3)
    assert len(busy.parts) <= 26
    assert len(busy.spans) <= 29
    assert len(encode(busy)) < 700
    assert decode(encode(busy)) == busy
