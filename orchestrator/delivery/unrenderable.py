"""Why a message cannot be rendered, in words that hold no value of its recipient."""

from __future__ import annotations

import re

from minijinja import TemplateError

from orchestrator.domain.template import Part, Source, Template
from orchestrator.errors import OrchestratorError


class RenderError(OrchestratorError):
    """A template that cannot be rendered. `line` is that of `file`; None where minijinja does not tell it."""

    def __init__(self, template: str, part: Part, line: int | None, message: str, file: str = "") -> None:
        place = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(f"{place}template {template!r}, {part}: {message}")
        self.template, self.part, self.line, self.message, self.file = template, part, line, message, file


def refusal(template: Template, part: Part, source: Source, line: int | None, why: str) -> RenderError:
    """The error in that line of the text, told as the line of the file in which it was written."""
    if line is None:
        return RenderError(template.name, part, None, why, source.file)
    return RenderError(template.name, part, source.line_of(line), why, source.file_of(line))


def defect(template: Template, part: Part, source: Source, error: BaseException) -> BaseException:
    """A defect of minijinja met by this template: Rust's panic is no Exception and would end the process."""
    if type(error).__name__ != "PanicException":
        return error
    return RenderError(template.name, part, None, "minijinja failed on this template", source.file)


def told(error: TemplateError, source: Source) -> str:
    """The reason and the template's own words for it, without values: `str(error)` may show the recipient's."""
    if error.kind == "Unknown":
        return said(error)
    begin, end = error.range or (0, 0)
    words = source.text.encode()[begin:end].decode(errors="replace")
    if error.kind == "UndefinedError":
        return f"`{words}`: {said(error)}"
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", error.kind).lower()
    return f"{kind}: {error.detail}" if error.detail else f"{kind} at `{words}`"


def said(error: TemplateError) -> str:
    return str(error.args[0]) if error.kind == "Unknown" else "no value here; give it a default, or test it first"
