"""What two profiles that turn out to be one do not do twice."""

from __future__ import annotations

from orchestrator.domain.campaign import Campaign, Pattern, Reentry, Steps
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.decision import Decision
from orchestrator.domain.input import Adopt, ProfileInput, Timer
from orchestrator.domain.moment import Controls
from orchestrator.domain.profile import Profile, seal
from orchestrator.domain.program import Program, Wheel

DAY = 86_400_000
START = 20_000 * DAY
FAREWELL = Campaign(
    "farewell",
    "a",
    Steps("farewell", ()),
    (Pattern("farewell/on/0", without="Ordered", duration=30 * DAY),),
    reentry=Reentry(0),
)
PROGRAM = Program("p", Wheel("a", ("a",)), campaigns={"farewell": FAREWELL})


def give(profile: Profile, given: ProfileInput, now: int) -> Decision:
    return decide(PROGRAM, Controls(), profile, given, now).decision


def test_without_does_not_fire_again_after_a_merge() -> None:
    known, anonymous = newcomer(PROGRAM, START + 10 * DAY, "u:ada"), newcomer(PROGRAM, START, "a:web")
    for profile in (anonymous, known):
        assert len(give(profile, Timer(0), profile.born + 30 * DAY).entries) == 1
    merged = START + 50 * DAY
    give(known, Adopt(seal(anonymous), 7), merged)
    assert give(known, Timer(0), merged + DAY).entries == []
