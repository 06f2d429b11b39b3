"""Why a file cannot be read, told as what the author must type."""

from __future__ import annotations

import re

import yaml

from orchestrator.authoring.document import Place

_GLUED = re.compile(r"(\s*(?:- )?[\w.-]+:)\S")
_GLUED_DASH = re.compile(r"(\s*-)[^\s\-\d]")
_OPERATOR = re.compile(r"(?:^|[\s{\[,-])(===|!==|==|!=|>=|<=|!!|!|>|<|%|\*)\s*:")


class Unreadable(Exception):  # noqa: N818 - it is a verdict on a file, caught where files are read
    """The one finding of a file that cannot be read."""

    def __init__(self, code: str, place: Place, message: str, fix: str) -> None:
        super().__init__(message)
        self.code, self.place, self.message, self.fix = code, place, message, fix


def translated(file: str, text: str, error: yaml.MarkedYAMLError) -> Unreadable:
    """The library's parse error in the author's words, at the character to change."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    lines = text.splitlines() or [""]
    operator = _operator_near(lines, line, column)
    if operator is not None:
        written, column = operator
        return Unreadable(
            "E102", Place(file, line + 1, column + 1), f"`{written}` must be quoted", f'quote the operator: `"{written}"`'
        )
    return _by_cause(file, lines, line, column, error)


def _operator_near(lines: list[str], line: int, column: int) -> tuple[str, int] | None:
    """An unquoted operator used as a key at or just before the place of the error."""
    if line >= len(lines):
        return None
    for match in _OPERATOR.finditer(lines[line]):
        if match.start(1) <= column + 1 and column <= match.end() + 1:
            return match[1], match.start(1)
    return None


def _blank_missing(lines: list[str], error: yaml.MarkedYAMLError) -> tuple[int, int] | None:
    """Line and column after a colon without a blank, where YAML found no key because of it."""
    mark = error.context_mark
    if "could not find expected ':'" not in str(error.problem) or mark is None or mark.line >= len(lines):
        return None
    match = _GLUED.match(lines[mark.line])
    return (mark.line + 1, match.end(1) + 1) if match is not None else None


def _misplaced(before: str) -> tuple[str, str]:
    """A setting where none may stand, by what stands before it in its line."""
    if ": " in before:
        fix = "put the text in quotes; a setting of its own stands on its own line, or in braces: {name: value}"
        return "a second `: ` in one line", fix
    message = "this line is indented further than the one before, which has its value already"
    return message, "align the two; each element of a list begins with `- `"


def _dash_glued(lines: list[str], line: int) -> tuple[int, int] | None:
    """Line and column after a dash without a blank, in the line of the error or the one before it."""
    for number in (line - 1, line):
        match = _GLUED_DASH.match(lines[number]) if 0 <= number < len(lines) else None
        if match is not None:
            return number + 1, match.end(1) + 1
    return None


def _mistyped(lines: list[str], line: int, error: yaml.MarkedYAMLError) -> tuple[tuple[int, int], str, str] | None:
    """A character that is missing, or is none of YAML's: its line and column, what it is, and what to do."""
    comment = next((number for number, text in enumerate(lines[: line + 1]) if text.lstrip().startswith("//")), None)
    if comment is not None:
        return (comment + 1, lines[comment].index("//") + 1), "`//` begins no comment", "use `#`"
    dash = _dash_glued(lines, line)
    if dash is not None and "expected" in str(error.problem):
        return dash, "a blank is missing after the dash", "write `- name: value`"
    missing = _blank_missing(lines, error)
    return None if missing is None else (missing, "a blank is missing after the colon", "write `name: value`")


def _by_cause(file: str, lines: list[str], line: int, column: int, error: yaml.MarkedYAMLError) -> Unreadable:
    problem, context = str(error.problem or ""), str(error.context or "")
    here = lines[line][column : column + 1] if line < len(lines) else ""
    message, fix = f"this is not valid YAML: {problem} {context}".rstrip(), "look at this line and the one before it"
    place = Place(file, line + 1, column + 1)
    typed = _mistyped(lines, line, error)
    if typed is not None:
        (number, at), message, fix = typed
        place = Place(file, number, at)
    elif here and here in "}]" and "expected" in problem and "flow" not in context:
        message, fix = f"`{here}` closes nothing", "remove it, or open it before"
    elif here == "\t":
        message, fix = "a tab stands where YAML wants spaces", "indent with spaces"
    elif "mapping values are not allowed" in problem:
        message, fix = _misplaced(lines[line][:column])
    elif "cannot start any token" in problem:
        message, fix = f"an unquoted text cannot begin with `{here}`", "put it in quotes"
    elif "escape" in problem or "Unicode character" in problem:
        message, fix = f"a text escape that YAML does not allow: {problem}", "write the character itself"
    elif "quoted scalar" in context and error.context_mark is not None:
        place = Place(file, error.context_mark.line + 1, error.context_mark.column + 1)
        message, fix = "a quote is opened here and never closed", "close it"
    elif "flow" in context and error.context_mark is not None:
        bracket = "[" if "sequence" in context else "{"
        message, fix = (
            f"`{bracket}` in line {error.context_mark.line + 1} is not closed before this",
            "close it, or add the missing comma",
        )
    elif "block mapping" in context or "block collection" in context or "expected key" in problem:
        message, fix = "the indentation does not fit the lines before", "align it with its neighbours"
    return Unreadable("E102", place, message, fix)
