"""What all our pages share: their frame and style, without scripts, and the headers they are sent with."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from string import Template

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
select { font: inherit; color: inherit; background: var(--paper); padding: .5rem .75rem; border: 2px solid var(--line);
  border-radius: .5rem; min-height: 2.75rem; max-width: 100%; }
select:focus-visible { outline: 3px solid var(--act); outline-offset: 3px; }
.choice { border: 2px solid var(--line); border-radius: .5rem; padding: .75rem 1rem 1rem; margin: 0 0 1rem; }
.choice legend { font-size: 1.0625rem; padding: 0 .5rem; margin: 0 0 0 -.5rem; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(13rem, 1fr)); gap: .75rem 1.5rem; }
.fields label { display: block; font-weight: 600; margin: 0 0 .25rem; }
.fields select { width: 100%; }
button.plain { background: transparent; color: var(--ink); border: 2px solid var(--line); }
.apart { border-top: 2px solid var(--line); margin: 2.5rem 0 0; padding: 1.5rem 0 0; }
.shop { display: block; margin: 0 0 .75rem; font-size: 1.0625rem; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 0 0 .5rem; }
a { color: var(--act); }
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


def framed(locale: str, title: str, content: str, shop: str = "") -> str:
    """A whole page in that language; `shop` says whose it is."""
    named = f"{title} · {shop}" if shop else title
    return _PAGE.substitute(lang=language(locale), title=escape(named), style=_STYLE, content=content)


def headed(title: str, shop: str = "") -> str:
    """The page's heading, under the name of the shop."""
    whose = f'<span class="shop">{escape(shop)}</span> ' if shop else ""
    return f"<h1>{whose}{escape(title)}</h1>"
