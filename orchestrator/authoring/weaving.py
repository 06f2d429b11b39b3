"""Texts that templates share: `partials/NAME.html` stands where a text says `{% include "NAME" %}`, or around it as `frame`.

They are put together before anything else looks at them: what is read, printed and compiled is one text, and each of its
characters knows the file that it comes from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from orchestrator.authoring.document import Place, Spot
from orchestrator.authoring.finding import did_you_mean
from orchestrator.authoring.limits import INCLUDES
from orchestrator.authoring.marks import JINJA
from orchestrator.authoring.placing import Woven, moved
from orchestrator.authoring.scope import Scope
from orchestrator.domain.template import DEFAULT, Source, chain, folder_locale

FOLDER = "partials"
SUFFIXES = (".html", ".mjml", ".txt")
_INCLUDE = re.compile(r"""\{%[-+]?\s*include\s+(?:"([^"]*)"|'([^']*)')\s*[-+]?%\}""")
_INCLUDING = re.compile(r"\{%[-+]?\s*include\b")
_CONTENT = re.compile(r"\{\{[-+]?\s*content\s*[-+]?\}\}")
_NAMED = re.compile(r"include\s+[\"']")


def read_partials(scope: Scope) -> None:
    """Fill `partials`: (locale, file name) → path."""
    for file in scope.files.texts:
        path = PurePosixPath(file)
        if path.parts[0] != FOLDER or path.name.startswith("."):
            continue
        if path.suffix not in SUFFIXES or len(path.parts) not in (2, 3):
            fix = "write partials/NAME.html, .mjml or .txt, or one in a folder of its locale"
            scope.report.add("W101", Place(file), f"nothing reads `{file}`", fix)
            continue
        locale = folder_locale(path.parts[1]) if len(path.parts) > 2 else DEFAULT  # noqa: PLR2004
        scope.partials[locale, path.name] = file


def woven(source: Source, locale: str, frame: Spot | None, scope: Scope) -> Source | None:
    """The text with what it includes, in its frame; itself where there is neither. None where that was reported."""
    suffix = PurePosixPath(source.file).suffix
    loom = _Loom(scope, locale, suffix)
    around = None if frame is None or frame.text is None else loom.find(frame.text)
    if frame is not None and around is None and suffix != ".txt":
        loom.unknown(frame.text or "", frame.place)
        return None
    if around is None and _INCLUDING.search(source.text) is None:
        return source
    if around is None:
        loom.put(source.text, source.file)
    else:
        loom.content = source.text.removesuffix("\n"), source.file
        loom.put(scope.files.texts[around].removesuffix("\n"), around)
        loom.check_frame(around)
    return Woven("".join(loom.texts), source.file, pieces=tuple(loom.pieces)) if loom.sound else None


@dataclass(slots=True)
class _Loom:
    scope: Scope
    locale: str
    suffix: str
    content: tuple[str, str] | None = None
    """What stands in the frame, and its file."""
    texts: list[str] = field(default_factory=list)
    pieces: list[tuple[int, Place]] = field(default_factory=list)
    sound: bool = True
    _length: int = 0
    _includes: int = 0
    _contents: int = 0
    _open: list[str] = field(default_factory=list)
    """Files that are being put in, the outermost first."""

    def find(self, name: str) -> str | None:
        """The partial for this locale: `it-IT` → `it` → default."""
        places = (*chain(self.locale), DEFAULT)
        return next((found for place in places if (found := self.scope.partials.get((place, name + self.suffix)))), None)

    def put(self, text: str, file: str) -> None:
        """The text of that file, and in it what it includes."""
        framed = self.content is not None and not self._open
        self._open.append(file)
        end, here = 0, Place(file)
        for match in JINJA.finditer(text):
            if not (self._is_content(match[0], framed=framed) or _INCLUDING.match(match[0])):
                continue
            self._add(text[end : match.start()], here)
            at = moved(here, text[end : match.start()])
            end, here = match.end(), moved(at, match[0])
            if _INCLUDING.match(match[0]):
                self._include(match[0], at)
            elif self.content is not None:
                self._contents += 1
                self.put(*self.content)
        self._add(text[end:], here)
        self._open.pop()

    def _is_content(self, block: str, *, framed: bool) -> bool:
        return framed and _CONTENT.fullmatch(block) is not None

    def _add(self, text: str, place: Place) -> None:
        if text:
            self.pieces.append((self._length, place))
            self.texts.append(text)
            self._length += len(text)

    def _include(self, block: str, place: Place) -> None:
        written = _INCLUDE.fullmatch(block)
        if written is None:
            self._refuse("E601", place, "`include` takes the name of a partial in quotes", 'write {% include "NAME" %}')
            return
        name = written[1] or written[2] or ""
        named = _NAMED.search(block)
        at = moved(place, block[: named.end() if named is not None else 0])
        file = self.find(name)
        self._includes += 1
        if file is None:
            self.unknown(name, at)
        elif file in self._open:
            self._refuse("E606", at, f"`{name}` would stand inside itself", "take the `include` out of one of them")
        elif self._includes > INCLUDES:
            self._refuse("E606", at, f"more than {INCLUDES} partials in one text", "include less")
        else:
            self.put(self.scope.files.texts[file].removesuffix("\n"), file)

    def unknown(self, name: str, place: Place) -> None:
        """Report a partial that is not there."""
        known = [file.removesuffix(self.suffix) for _, file in self.scope.partials if file.endswith(self.suffix)]
        way = f"write {FOLDER}/{name or 'NAME'}{self.suffix}"
        fix = "; or ".join(part for part in (did_you_mean(name, known), way) if part)
        self._refuse("E316", place, f"there is no partial `{name}{self.suffix}`", fix)

    def check_frame(self, file: str) -> None:
        """Report a frame in which the text does not stand, or stands twice."""
        if self._contents == 1:
            return
        told = "says nowhere where the text stands" if self._contents == 0 else "says more than once where the text stands"
        self._refuse("E606", Place(file), f"this frame {told}", "write {{ content }} once")

    def _refuse(self, code: str, place: Place, message: str, fix: str) -> None:
        self.scope.report.add(code, place, message, fix)
        self.sound = False
