"""A comparison as one document: what `commands.md` names, and more."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.domain.calendar import iso
from orchestrator.domain.program import Program
from orchestrator.insight.diff.compare import Counts
from orchestrator.insight.diff.pairs import KINDS
from orchestrator.insight.diff.side import Mail
from orchestrator.insight.diff.tally import Customer, Explained, Split
from orchestrator.insight.diff.work import Worked
from orchestrator.intake.files import Rejected


@dataclass(frozen=True, slots=True)
class Asked:
    """What was compared: two workspaces by their folders, and the files."""

    old: Path
    new: Path
    events: tuple[Path, ...]
    until: int | None = None

    def explain(self, workspace: Path, profile: str) -> str:
        """The command that tells this customer's story by one of the workspaces."""
        words = ["orchestrator", "explain", str(workspace), "--events", *map(str, self.events), "--profile", profile]
        return shlex.join([*words, "--at", iso(self.until)] if self.until is not None else words)


def as_json(worked: Worked, asked: Asked, old: Program, new: Program) -> dict[str, Any]:
    """The JSON result of `diff`."""
    compared, tally = worked.compared, worked.compared.tally
    return {
        **{kind: tally.total[kind] for kind in KINDS},
        "campaigns": _split({**{name: {} for name in _compared(worked, old, new)}, **tally.campaigns}),
        "touched_by_recorded_reactions": compared.reactions.touched,
        "channels": _split(tally.channels),
        "days": _split(tally.days),
        "segments": _split(tally.segments),
        "affected": tally.affected,
        "customers": [_customer(one, asked) for one in tally.customers],
        "recorded_reactions": {"events": compared.reactions.recorded, "used": compared.reactions.used},
        "old": _counts(compared.old),
        "new": _counts(compared.new),
        "until": iso(compared.new.clock),
        "processes": worked.processes,
        "kept_together_by": list(worked.together),
        "renamed": dict(sorted(worked.renamed.items())),
    }


def _compared(worked: Worked, old: Program, new: Program) -> Iterator[str]:
    """Every campaign by the name under which it is compared."""
    yield from (worked.renamed.get(name, name) for name in (*old.campaigns, *new.campaigns))


def _split(split: Split | Mapping[str, Any]) -> dict[str, dict[str, int]]:
    return {name: {kind: counts.get(kind, 0) for kind in KINDS} for name, counts in sorted(split.items())}


def _counts(counts: Counts) -> dict[str, Any]:
    return {
        "events": counts.events,
        "inputs": counts.inputs,
        "duplicates": counts.duplicates,
        "rejected": len(counts.rejected),
        "profiles": counts.profiles,
        "dead_letters": counts.dead,
        "unknown_events": dict(sorted(counts.unknown.items())),
        "tasks": dict(sorted(counts.tasks.items())),
        "webhooks": dict(sorted(counts.webhooks.items())),
        "digest": counts.digest,
    }


def _customer(customer: Customer, asked: Asked) -> dict[str, Any]:
    numbers: dict[str, int] = {
        kind: sum(one.change.kind == kind for one in customer.changes) for kind in KINDS if kind != "unchanged"
    }
    told = {"old": asked.explain(asked.old, customer.profile), "new": asked.explain(asked.new, customer.profile)}
    return {"profile": customer.profile, **numbers, "changes": [_change(one) for one in customer.changes], "explain": told}


def _change(one: Explained) -> dict[str, Any]:
    change, mail = one.change, one.change.mail
    sides = {"old": _mail(change.old), "new": _mail(change.new)}
    return {"kind": change.kind, "campaign": mail.campaign, "step": mail.step, **sides, "why": one.why or None}


def _mail(mail: Mail | None) -> dict[str, Any] | None:
    if mail is None:
        return None
    what = {"message": mail.id, "at": iso(mail.at), "channel": mail.channel, "template": mail.template}
    return {**what, "state": mail.state, "reason": mail.reason}


def rejections(old: Sequence[Rejected], new: Sequence[Rejected]) -> Iterator[dict[str, Any]]:
    """Rows of rejected.jsonl: `by` says whether both workspaces refuse the line."""
    ours = {(one.file, one.line) for one in new}
    theirs = {(one.file, one.line) for one in old}
    for one in (*old, *(one for one in new if (one.file, one.line) not in theirs)):
        place = one.file, one.line
        by = "both" if place in ours and place in theirs else "new" if place in ours else "old"
        yield {"file": one.file, "line": one.line, "reason": one.reason, "by": by}


def write(folder: Path, result: dict[str, Any], rejected: Iterator[dict[str, Any]], page: str) -> Path:
    """Write the page, the summary and the rejections into `folder`; gives the page's place."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "summary.json").write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    with (folder / "rejected.jsonl").open("w", encoding="utf-8", errors="backslashreplace") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rejected)
    place = folder / "index.html"
    place.write_text(page, encoding="utf-8", errors="backslashreplace")
    return place
