"""The worst week that a search finds: the most marketing messages that one customer gets in seven days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from orchestrator.authoring import Workspace
from orchestrator.authoring.document import Document
from orchestrator.authoring.parse import parse
from orchestrator.delivery.question import samples
from orchestrator.delivery.render import Renderer
from orchestrator.errors import OrchestratorError
from orchestrator.insight.scenarios.expectation import differences, satisfied
from orchestrator.insight.scenarios.scenario import Given, read_scenario
from orchestrator.insight.scenarios.trial import Trial, run
from orchestrator.insight.worst.beginnings import beginnings
from orchestrator.insight.worst.letters import alphabet_of
from orchestrator.insight.worst.lives import WEEK_MS, Life, Lives, most_in_a_week, scenario_of
from orchestrator.insight.worst.search import Search
from orchestrator.insight.worst.shrinking import Shrinking
from orchestrator.insight.worst.written import written
from orchestrator.intake.catalogue import Catalogue

FILE = "tests/worst-week.yaml"
"""Where the scenario is kept in a workspace."""


@dataclass(frozen=True, slots=True)
class Worst:
    """The fullest week found: how many marketing messages, in a sequence of so many events, as a scenario."""

    found: int
    events: int
    scenario: str
    inputs: int
    """Decided inputs that the search took."""
    seed: int

    def words(self, bound: int | None) -> str:
        """One line for people."""
        most = "any number" if bound is None else f"at most {bound}"
        if not self.found:
            return f"found: no marketing message ({self.inputs:,} inputs tried), {most} by arithmetic"
        return f"found: {self.found} in 7 days, {most} by arithmetic; it takes {self.events} event{'s' * (self.events > 1)}"


def worst_week(workspace: Workspace, bound: int | None, seed: int = 0) -> Worst:
    """Search with the production engine. The same workspace and seed give the same; a fuller week may exist."""
    lives, alphabet = Lives(workspace.program, samples(workspace.senders)), alphabet_of(workspace)
    reached = Search(lives, alphabet, beginnings(workspace, alphabet.traits), seed).run(bound)
    if reached is None or not reached.most:
        return Worst(0, 0, "", lives.inputs, seed)
    inputs = lives.inputs
    life = Shrinking(lives, reached.most).shrunk(reached.life)
    most, scenario = _told(workspace, life)
    _prove(workspace, scenario)
    return Worst(most, len(life.given), scenario, inputs, seed)


def _told(workspace: Workspace, life: Life) -> tuple[int, str]:
    """How many come of it as a scenario, and that: run from its beginning, with all that was sent until the week is over."""
    _, since = most_in_a_week(life.sends)
    last = max(at for at in life.sends if at < since + WEEK_MS)
    trial = _tried(workspace, life.begun, life.given, max(last, life.given[-1].at))
    sends = [{**sent, "class": workspace.program.campaigns[sent["campaign"]].cls} for sent in trial.sends]
    most, since = most_in_a_week([sent["at"] for sent in sends if sent["class"] == "marketing"])
    name = f"the worst week found has {most} marketing message{'s' if most > 1 else ''}"
    profile = {word: value for word, value in life.begun.items() if value != {}}
    return most, written(name, profile, life.given, sends, since)


def _tried(workspace: Workspace, begun: Any, given: Sequence[Given], until: int) -> Trial:
    renderer, catalogue = Renderer(workspace.templates, workspace.senders), Catalogue(workspace.program.events)
    return run(
        scenario_of(begun, given, until),
        workspace.program,
        catalogue,
        lambda _: True,
        renderer.render,
        samples(workspace.senders),
    )


def _prove(workspace: Workspace, text: str) -> None:
    """Run the scenario as `orchestrator test` does."""
    document: Document = parse(FILE, text)
    scenario = read_scenario(document.root.elements()[0], {})
    renderer, catalogue = Renderer(workspace.templates, workspace.senders), Catalogue(workspace.program.events)
    trial = run(
        scenario,
        workspace.program,
        catalogue,
        partial(satisfied, scenario.expected),
        renderer.render,
        samples(workspace.senders),
    )
    wrong = differences(scenario.expected, trial)
    if wrong:
        message = f"the worst week found does not come out again as a scenario: {wrong[0].words}"
        raise OrchestratorError(message)
