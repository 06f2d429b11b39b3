"""Lookup tables: `tables/*.csv`, the first column is the key."""

from __future__ import annotations

import csv
import io
import re
from pathlib import PurePosixPath
from typing import Any

from orchestrator.authoring.document import Place
from orchestrator.authoring.scope import Scope, Table

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\Z")
_LEADING_ZERO = re.compile(r"-?0[0-9]")


def read_tables(scope: Scope) -> None:
    """Fill `tables` and `columns`; a column whose cells are all numbers is a number, an empty cell is absent."""
    for file, text in scope.files.texts.items():
        path = PurePosixPath(file)
        if path.parts[0] != "tables":
            continue
        if len(path.parts) != 2 or path.suffix != ".csv":  # noqa: PLR2004 - folder and file
            scope.report.add("W101", Place(file), f"nothing reads `{file}`", f"name it `tables/{path.stem}.csv`")
            continue
        read = _read(file, text, scope)
        if read is None:
            scope.files.unreadable.add("tables")
        else:
            scope.columns[path.stem], scope.tables[path.stem] = read


def _read(file: str, text: str, scope: Scope) -> tuple[list[str], Table] | None:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if row]
    except csv.Error as error:
        never = "end of data" in str(error)
        why = "a quote is opened and never closed" if never else f"this is not valid CSV: {error}"
        scope.report.add("E102", Place(file, max(reader.line_num, 1)), why, "mend the quotes of this line")
        return None
    if not rows:
        scope.report.add("E202", Place(file), "the table is empty", "write the names of its columns into the first line")
        return None
    (_, head), *body = rows
    other = next((mark for mark in (";", "\t") if len(head) == 1 and mark in head[0]), None)
    if other is not None:
        called = "a tab" if other == "\t" else f"`{other}`"
        message = f"columns stand between commas, and {called} is none"
        scope.report.add("E102", Place(file, 1, head[0].index(other) + 1), message, "save the table as CSV with commas")
        return None
    columns = [name.strip() for name in head]
    twice = next((name for index, name in enumerate(columns) if name in columns[:index] or not name), None)
    if twice is not None:
        scope.report.add(
            "E313",
            Place(file),
            f"two columns are called `{twice}`" if twice else "a column has no name",
            "name each column once",
        )
        return None
    return columns, _table(file, columns, body, scope)


def _table(file: str, columns: list[str], body: list[tuple[int, list[str]]], scope: Scope) -> Table:
    table: Table = {}
    numeric = [_is_numeric([row[index] for _, row in body if index < len(row)]) for index in range(len(columns))]
    for line, row in body:
        if len(row) > len(columns):
            message = f"{len(row)} cells, but {len(columns)} columns"
            scope.report.add("E204", Place(file, line), message, "put a text that holds a comma in quotes")
        key = row[0].strip()
        if key in table:
            scope.report.add("W505", Place(file, line), f"the key `{key}` stands here twice", "the last one counts; keep one")
        table[key] = {
            columns[index]: _number(cell) if numeric[index] else cell.strip()
            for index, cell in enumerate(row[: len(columns)])
            if index > 0 and cell.strip()
        }
    return table


def _is_numeric(cells: list[str]) -> bool:
    filled = [cell.strip() for cell in cells if cell.strip()]
    return bool(filled) and all(_NUMBER.match(cell) and not _LEADING_ZERO.match(cell) for cell in filled)


def _number(cell: str) -> Any:
    text = cell.strip()
    return int(text) if text.lstrip("-").isdigit() else float(text)
