"""The page of a survey: one form, without scripts, in the recipient's language."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from string import Template

from orchestrator.domain.survey import Survey, in_locale
from orchestrator.intake.limits import COMMENT_MAX_CHARS
from orchestrator.intake.survey_words import ENDS, WORDS

_STYLE = """
:root { color-scheme: light dark;
  --ink: #1d1d1b; --paper: #fff; --line: #767670; --act: #1f5a4d; --on: #fff; --wrong: #a4161a; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f2f0ea; --paper: #1c1c1a; --line: #a3a29b; --act: #8fd6c2; --on: #10231f; --wrong: #ffb3ae; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.5 system-ui, Helvetica, Arial, sans-serif; }
main { max-width: 40rem; margin: 0 auto; padding: 2.5rem 1.25rem; }
h1, legend { font-size: 1.5rem; line-height: 1.25; font-weight: 600; margin: 0 0 1.25rem; padding: 0; }
fieldset { border: 0; margin: 0 0 1.75rem; padding: 0; min-width: 0; }
.scale { width: fit-content; max-width: 100%; }
.scores { display: flex; flex-wrap: wrap; gap: .5rem; }
.scores label { position: relative; }
.scores input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer; }
.scores span { display: grid; place-items: center; min-width: 2.75rem; min-height: 2.75rem; border: 2px solid var(--line);
  border-radius: .5rem; font-weight: 600; }
.scores input:checked + span { background: var(--act); border-color: var(--act); color: var(--on); }
.scores input:focus-visible + span, textarea:focus-visible, button:focus-visible {
  outline: 3px solid var(--act); outline-offset: 3px; }
.ends { display: flex; justify-content: space-between; gap: 1rem; margin: .5rem 0 0; font-size: .9375rem; }
.ends span:last-child { text-align: end; }
label.words { display: block; margin: 0 0 .5rem; font-weight: 600; }
textarea { width: 100%; font: inherit; color: inherit; background: transparent; padding: .75rem; border: 2px solid var(--line);
  border-radius: .5rem; }
button { margin: 1.5rem 0 0; padding: .75rem 1.75rem; font: inherit; font-weight: 600; border: 0; border-radius: .5rem;
  background: var(--act); color: var(--on); cursor: pointer; }
.wrong { border: 2px solid var(--wrong); border-radius: .5rem; padding: .75rem 1rem; margin: 0 0 1.5rem; color: var(--wrong); }
@media (forced-colors: active) { .scores input:checked + span { outline: 4px solid; } }
"""
_PAGE = Template("""<!doctype html>
<html lang="$lang">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
$content
</main>
</body>
</html>
""")
_POLICY = "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; style-src 'sha256-{}'"
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": _POLICY.format(b64encode(sha256(_STYLE.encode()).digest()).decode()),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


def language(locale: str) -> str:
    """The language of what we say ourselves: Italian or English."""
    return "it" if locale.replace("_", "-").lower().partition("-")[0] == "it" else "en"


def notice(locale: str, title: str, why: str) -> str:
    """A page that says one thing."""
    words = WORDS[language(locale)]
    return _page(locale, words[title], f"<h1>{words[title]}</h1>\n<p>{words[why]}</p>")


def form(survey: Survey, locale: str, given: Mapping[str, str], wrong: str = "") -> str:
    """The question, with what was given before; `wrong` names what is wrong with that."""
    words = WORDS[language(locale)]
    spoken, question = survey.asked(locale)
    told = f'<p class="wrong" role="alert">{words[wrong]}</p>\n' if wrong else ""
    asked = f'<span lang="{escape(spoken)}">{escape(question)}</span>'
    fields = _scores(survey, locale, asked, given) if survey.scores else f"<h1>{asked}</h1>\n"
    fields += _comment(survey, locale, given) if survey.comment is not None else ""
    body = f'{told}<form method="post" novalidate>\n{fields}<button type="submit">{words["send"]}</button>\n</form>'
    return _page(locale, question, body)


def _scores(survey: Survey, locale: str, asked: str, given: Mapping[str, str]) -> str:
    boxes = []
    for score in survey.scores:
        checked = " checked" if given.get("score") == str(score) else ""
        box = f'<input type="radio" name="score" value="{score}" required{checked}>'
        boxes.append(f"<label>{box}<span>{score}</span></label>")
    lowest, highest = ENDS[language(locale)][survey.kind]
    ends = f"<span>{survey.low}: {lowest}</span><span>{survey.high}: {highest}</span>"
    choice = f'<div class="scale"><div class="scores">{"".join(boxes)}</div>\n<p class="ends" id="ends">{ends}</p></div>'
    return f'<fieldset aria-describedby="ends">\n<legend>{asked}</legend>\n{choice}\n</fieldset>\n'


def _comment(survey: Survey, locale: str, given: Mapping[str, str]) -> str:
    words = WORDS[language(locale)]
    spoken, label = in_locale(survey.comment or {}, locale)
    label = f'<span lang="{escape(spoken)}">{escape(label)}</span>' if label else words["comment"]
    optional = f" ({words['optional']})" if survey.scores else ""
    field = f'<textarea id="comment" name="comment" rows="4" maxlength="{COMMENT_MAX_CHARS}">'
    head = f'<label class="words" for="comment">{label}{optional}</label>'
    return f"{head}\n{field}{escape(given.get('comment', ''))}</textarea>\n"


def _page(locale: str, title: str, content: str) -> str:
    return _PAGE.substitute(lang=language(locale), title=escape(title), style=_STYLE, content=content)
