"""Findings as SARIF 2.1.0 (OASIS), for code scanning."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

from orchestrator.authoring import CODES, Finding, address, section

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(findings: list[Finding], workspace: Path) -> str:
    """One run; places are relative to where the command was called, columns count code points."""
    used = sorted({finding.code for finding in findings})
    driver = {
        "name": "orchestrator check",
        "version": version("orchestrator"),
        "rules": [_rule(code) for code in used],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, used.index(finding.code), workspace) for finding in findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(code: str) -> dict[str, Any]:
    """A code with its section. No `helpUri`: where the page is served is not known here."""
    told = section(code)
    text = f"{CODES[code]}. {told}\n\n{address(code)}"
    return {"id": code, "shortDescription": {"text": CODES[code]}, "help": {"text": text, "markdown": told}}


def _result(finding: Finding, index: int, workspace: Path) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": quote((workspace / finding.file).as_posix())},
        "region": {"startLine": finding.line, "startColumn": finding.column},
    }
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": ". ".join(filter(None, (finding.message, finding.fix)))},
        "locations": [{"physicalLocation": place}],
    }
