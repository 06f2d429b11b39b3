"""The page of a survey: one form, without scripts, in the recipient's language."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from orchestrator.domain.survey import Survey, in_locale
from orchestrator.intake.limits import COMMENT_MAX_CHARS
from orchestrator.intake.page import framed, language
from orchestrator.intake.survey_words import ENDS, WORDS


def notice(locale: str, title: str, why: str) -> str:
    """A page that says one thing."""
    words = WORDS[language(locale)]
    return framed(locale, words[title], f"<h1>{words[title]}</h1>\n<p>{words[why]}</p>")


def form(survey: Survey, locale: str, given: Mapping[str, str], wrong: str = "") -> str:
    """The question, with what was given before; `wrong` names what is wrong with that."""
    words = WORDS[language(locale)]
    spoken, question = survey.asked(locale)
    told = f'<p class="wrong" role="alert">{words[wrong]}</p>\n' if wrong else ""
    asked = f'<span lang="{escape(spoken)}">{escape(question)}</span>'
    fields = _scores(survey, locale, asked, given) if survey.scores else f"<h1>{asked}</h1>\n"
    fields += _comment(survey, locale, given) if survey.comment is not None else ""
    body = f'{told}<form method="post" novalidate>\n{fields}<button type="submit">{words["send"]}</button>\n</form>'
    return framed(locale, question, body)


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
