"""What the check says: findings with stable codes and positions."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.authoring.document import Place
from orchestrator.authoring.limits import FINDINGS
from orchestrator.errors import UsageError

Severity = Literal["error", "warning", "note"]
_SEVERITY: dict[str, Severity] = {"E": "error", "W": "warning", "N": "note"}

CODES: dict[str, str] = {
    "E101": "a file that cannot be read",
    "E102": "a file that is not valid YAML or JSON",
    "E103": "a duplicate key",
    "E104": "a file outside the workspace",
    "E105": "a required file is missing",
    "E106": "a file that is too large or nested too deep",
    "E201": "a setting that does not exist here",
    "E202": "something required is missing",
    "E203": "a value of the wrong kind",
    "E204": "a malformed value",
    "E205": "settings that exclude each other",
    "E206": "an invalid schema",
    "E207": "a sample that breaks its schema",
    "E301": "an unknown event",
    "E302": "an unknown key of an event",
    "E303": "an unknown stage",
    "E304": "an unknown topic",
    "E305": "an unknown campaign",
    "E306": "an unknown feature, trait, property or other thing to read",
    "E307": "an unknown segment",
    "E308": "an unknown table or column",
    "E309": "an unknown step",
    "E310": "an unknown template",
    "E311": "an unknown sender",
    "E312": "an unknown channel",
    "E313": "a name used twice",
    "E314": "an unknown persona",
    "E315": "an unknown survey",
    "E316": "an unknown partial",
    "E401": "a condition that is not admitted",
    "E402": "a value that can never be equal",
    "E403": "a value of a type that does not fit",
    "E404": "an empty value would make a condition true",
    "E405": "a condition that can never hold",
    "E501": "a marketing campaign without a topic",
    "E502": "a transactional campaign that policies.yaml does not list",
    "E503": "a holdout on a transactional campaign",
    "E504": "a marketing campaign listed as transactional",
    "E505": "weights that do not add up to 100",
    "E506": "two equal steps without ids",
    "E507": "a step that is never reached",
    "E508": "a loop in which nothing waits",
    "E509": "inputs of a template that are not given, or not asked for",
    "E510": "an emitted event without a required property",
    "E511": "a time span that ends before it begins",
    "E512": "an answer to a message that has not been sent",
    "E521": "a schedule that leaves out what it seems to name",
    "E522": "an event about a thing where a customer's is needed",
    "E601": "a template that is not valid",
    "E602": "a send without text in the default locale",
    "E603": "a template prints what may be empty",
    "E604": "an unknown MJML tag",
    "E605": "a survey that cannot be answered",
    "E606": "partials that cannot be put together",
    "W101": "a file that nothing reads",
    "W102": "an ignore comment that has no reason, or ignores nothing",
    "W103": "a number that readers of YAML take for different ones",
    "W401": "a condition that always holds",
    "W501": "a goal without `within`",
    "W502": "a goal shorter than the first wait",
    "W503": "a channel twice in `prefer`",
    "W504": "a message that expires before what it is merged with",
    "W505": "duplicate keys in a table",
    "W506": "a preferred channel without text",
    "W507": "two campaigns that can both send for one input",
    "W508": "a stage that nothing enters",
    "W509": "a survey whose low scores reach nobody",
    "W510": "a complaint that reaches nobody",
    "W511": "an event that has not been seen",
    "W512": "a transition that is never taken",
    "W513": "a `merge` that joins nothing",
    "W514": "a survey whose score no feature keeps",
    "W516": "a segment that nobody comes into, or leaves",
    "W520": "a webhook that is not asked as settings usually are",
    "W601": "an SMS longer than one segment",
    "W602": "a placeholder of another tool",
    "N901": "accepted, but not enforced yet",
    "N902": "an answer that is empty wherever nobody is asked",
    "N903": "a marketing email without a link to unsubscribe",
    "N904": "a marketing email without its sender's postal address",
    "N910": "a condition that another engine may read otherwise",
}
"""code → what it is about, in one line. Codes stay stable."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend. `fix` says what to do; empty where the message already does."""

    code: str
    severity: Severity
    file: str
    line: int
    column: int
    message: str
    fix: str = ""
    others: tuple[str, ...] = ()
    """Campaigns that it is about besides the file's own: a comment that names some accepts these only."""

    def __str__(self) -> str:
        """`file:line:column: severity code message`, then what to do on a line of its own."""
        told = f"{self.file}:{self.line}:{self.column}: {self.severity} {self.code} {self.message}"
        return f"{told}\n    {self.fix}" if self.fix else told


@dataclass(slots=True)
class Report:
    """Collects findings; a second one of the same code at the same place is not told again."""

    _findings: dict[tuple[Place, str], Finding] = field(default_factory=dict)
    count: int = 0
    """Findings that were to be noted, those told already too."""
    misspelt: set[tuple[str, str]] = field(default_factory=set)
    """(file, setting) of settings that are there, but under a misspelt name."""

    def add(self, code: str, place: Place, message: str, fix: str = "", others: Iterable[str] = ()) -> None:
        """Note a finding; the code's letter gives its severity."""
        self.count += 1
        severity = _SEVERITY[code[0]]
        if (place, code) not in self._findings and len(self._findings) < FINDINGS:
            finding = Finding(code, severity, place.file, place.line, place.column, message, fix, tuple(others))
            self._findings[(place, code)] = finding

    @property
    def findings(self) -> list[Finding]:
        """Errors and warnings, in order of place."""
        wrong = {(one.file, one.line, one.column) for one in self._findings.values() if one.severity == "error"}
        found = (finding for finding in self._in_order() if finding.severity != "note")
        return [one for one in found if one.code != "W103" or (one.file, one.line, one.column) not in wrong]

    @property
    def notes(self) -> list[Finding]:
        """What the author cannot mend and should know, in order of place."""
        return [finding for finding in self._in_order() if finding.severity == "note"]

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == "error"]

    def _in_order(self) -> list[Finding]:
        return [self._findings[key] for key in sorted(self._findings)]


FEW = 12
"""Words that a line may list: more help nobody."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known word that was most probably meant; None where none is near."""
    folded = {word.casefold(): word for word in sorted(set(known), reverse=True)}
    near = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A fix that names the nearest known word, or lists the few there are; empty otherwise."""
    words = sorted(set(known))
    near = nearest(name, words)
    if near is not None:
        return f"did you mean `{near}`?"
    return f"known here: {', '.join(words)}" if words and len(words) <= FEW else ""


def no_campaign(option: str, name: str, known: Collection[str]) -> UsageError:
    """The workspace has no campaign of that name: the nearest one, and all that there are."""
    near = did_you_mean(name, known)
    hint = f"{near} It" if near.startswith("did you mean") else "it"
    return UsageError(f"{option} {name}: the workspace has no such campaign; {hint} has {', '.join(known)}")
