"""A large workspace: the shipped campaigns once for each of many markets, with their own events, templates, conditions."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from orchestrator.cli.demo import lay_out

_NAME = re.compile(r"\b(event|without): ([A-Z][A-Za-z ]*[a-z])")
_TEMPLATE = re.compile(r"\btemplate: ([a-z0-9-]+)")
_ONE_CONDITION = re.compile(r"^if: (.+)$", re.MULTILINE)


def lay_out_many(folder: Path, campaigns: int) -> Path:
    """The shipped workspace, and copies of its campaigns, events and templates until there are so many campaigns."""
    lay_out(folder)
    shipped = {kind: sorted((folder / kind).iterdir()) for kind in ("campaigns", "events", "templates")}
    left, service = campaigns - len(shipped["campaigns"]), []
    for number in count(1):
        if left <= 0:
            break
        mark, copied = f"m{number:02}", shipped["campaigns"][:left]
        left -= len(copied)
        service += [f"{path.stem}-{mark}" for path in copied if _copy_campaign(path, mark)]
        for path in shipped["events"]:
            text = _NAME.sub(rf"\1: \2 {mark.title()}", path.read_text(encoding="utf-8"))
            path.with_name(f"{path.stem}-{mark}.yaml").write_text(text, encoding="utf-8")
        for path in shipped["templates"]:
            shutil.copytree(path, path.with_name(f"{path.name}-{mark}"))
    _replace(folder / "profile.yaml", "    country:", "    market: {type: string, maxLength: 3}\n    country:")
    _list_service(folder / "policies.yaml", service)
    return folder


def _copy_campaign(path: Path, mark: str) -> bool:
    """Write the campaign for one market; says whether it is a transactional one."""
    text = path.read_text(encoding="utf-8").replace(f"campaign: {path.stem}", f"campaign: {path.stem}-{mark}")
    text = _TEMPLATE.sub(rf"template: \1-{mark}", _NAME.sub(rf"\1: \2 {mark.title()}", text))
    market = f'{{"==": [{{var: profile.traits.market}}, {mark}]}}'
    if "\nif:" in text:
        text = _ONE_CONDITION.sub(r"if:\n  - \1", text, count=1).replace("\nif:\n", f"\nif:\n  - {market}\n", 1)
    else:
        text = text.replace("\nthen:\n", f"\nif: {market}\nthen:\n", 1)
    path.with_name(f"{path.stem}-{mark}.yaml").write_text(text, encoding="utf-8")
    return "class: transactional" in text


def _list_service(path: Path, names: Iterable[str]) -> None:
    """Put these campaigns on the list of transactional ones; the laid-over file is JSON."""
    _replace(path, '"transactional": [', '"transactional": [' + "".join(f'"{name}", ' for name in names))


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
