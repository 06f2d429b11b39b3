"""Which expression of a template stopped its rendering: minijinja tells no place for what a filter or the printing refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minijinja import Environment, TemplateError

_BLOCK = re.compile(r"\{\{.*?\}\}|\{%-?\s*(?:if|for|set|with)\b.*?%\}", re.DOTALL)
_ELSE_IF = re.compile(r"\{%-?\s*elif\b")
"""Before it no mark can stand."""
_MARK = "orchestrator_mark"


@dataclass(frozen=True, slots=True)
class Blamed:
    """`expression` as authored, without its braces; `line` counts from 1 within the text."""

    expression: str
    line: int


def blame(environment: Environment, part: str, text: str, context: Mapping[str, Any], kind: str) -> Blamed | None:
    """Render once more with a mark before every expression: the last one met is to blame.

    None where it cannot be told, or where it fails with another kind of error this time.
    """
    found = list(_BLOCK.finditer(text))
    met: list[int] = []

    def mark(number: int) -> str:
        met.append(number)
        return ""

    environment.add_global(_MARK, mark)
    try:
        environment.add_template(part, _marked(text, found))
        environment.render_template(part, **context)
    except TemplateError as error:
        if met and error.kind == kind:
            block = found[met[-1]]
            following = found[met[-1] + 1].start() if met[-1] + 1 < len(found) else len(text)
            if _ELSE_IF.search(text, block.end(), following):
                return None
            written = block.start() + len(block[0]) - len(block[0].lstrip("{%-+ \n\r\t"))
            return Blamed(block[0].strip("{}%-+").strip(), text.count("\n", 0, written) + 1)
    except (AttributeError, TypeError, ValueError, ArithmeticError, LookupError, RecursionError):
        return None
    return None


def _marked(text: str, blocks: list[re.Match[str]]) -> str:
    pieces, end = [], 0
    for number, block in enumerate(blocks):
        pieces += [text[end : block.start()], f"{{{{ {_MARK}({number}) }}}}", block[0]]
        end = block.end()
    return "".join((*pieces, text[end:]))
