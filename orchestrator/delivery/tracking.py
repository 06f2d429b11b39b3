"""Links of emails, rewritten: what a workspace adds to them (UTM), and the way over our door, by which a click is known.

Only addresses on hosts that the workspace's own texts write out are touched: what a customer or an event brings in must not
become a link that we have signed. Our own pages (surveys, unsubscribing) are never touched, and neither is SMS: it would grow.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

from orchestrator.domain.clicks import URL_CHARS, Click, signed_click
from orchestrator.domain.outgoing import Outgoing
from orchestrator.domain.policies import Links
from orchestrator.domain.template import Template

_ATTRIBUTE = r"""(?:\s+[^\s=<>"'/]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=]+))?)"""
_TAG = re.compile(rf"<(?:a|area)\b{_ATTRIBUTE}*\s*/?>", re.IGNORECASE)
_HREF = re.compile(r"""(\shref\s*=\s*)("[^"]*"|'[^']*'|[^\s"'<>=]+)""", re.IGNORECASE)
_URL = re.compile(r"""https?://[^\s<>"'`{}|\\^]+""", re.IGNORECASE)
_TRAILING = ".,;:!?)]}"
_HOST = re.compile(r"""https?://([a-z0-9.-]+(?::[0-9]{1,5})?)(?=[/?#"'\s<>)\]]|$)""", re.IGNORECASE)

_OWN = re.compile("/[csulp]/")
"""Our own pages at the door, which may stand at the shop's own address: surveys, choices, and links that were rewritten."""
LINKS_KEPT = 4_096
"""Addresses, by campaign, of which it is known where they are to lead."""


def hosts_of(templates: Iterable[Template]) -> frozenset[str]:
    """The hosts that these texts write out; one that a value completes is none."""
    texts = (source.text for template in templates for sources in template.sources.values() for source in sources.values())
    return frozenset(host.lower() for text in texts for host in _HOST.findall(text))


@dataclass(frozen=True, slots=True)
class Tracking:
    """`base` is the door as recipients reach it; of `keys` the first signs."""

    links: Links
    hosts: frozenset[str]
    base: str = ""
    keys: Callable[[], tuple[bytes, ...]] = field(default=tuple, repr=False)
    _known: dict[tuple[str, str], str | None] = field(default_factory=dict, compare=False, repr=False)
    """(address, campaign) → where it is to lead"""
    _made: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)
    """(message, address) → the link, of one message."""

    def page(self, page: str, outgoing: Outgoing) -> str:
        """The page with its links rewritten."""

        def tag(match: re.Match[str]) -> str:
            return _HREF.sub(href, match[0], count=1)

        def href(match: re.Match[str]) -> str:
            written = match[2].strip("\"'") if match[2][:1] in "\"'" else match[2]
            url = html.unescape(written).strip()
            found = self._rewritten(url, outgoing)
            return match[0] if found == url else f'{match[1]}"{html.escape(found)}"'

        return _TAG.sub(tag, page)

    def text(self, text: str, outgoing: Outgoing) -> str:
        """The text with its links rewritten; a full stop or a bracket behind one is no part of it."""

        def link(match: re.Match[str]) -> str:
            url = match[0].rstrip(_TRAILING)
            return self._rewritten(url, outgoing) + match[0][len(url) :]

        return _URL.sub(link, text)

    def _rewritten(self, url: str, outgoing: Outgoing) -> str:
        """The link that stands in its place; page and text of a message have the same."""
        name = outgoing.message_id, url
        if name not in self._made:
            if self._made and next(iter(self._made))[0] != outgoing.message_id:
                self._made.clear()
            self._made[name] = self._signed(url, outgoing)
        return self._made[name]

    def _signed(self, url: str, outgoing: Outgoing) -> str:
        found = self._leading(url, outgoing.campaign)
        keys = self.keys() if found is not None and self.links.track and self.base else ()
        if found is None or not keys or not keys[0] or len(found) > URL_CHARS:
            return found or url
        click = Click(outgoing.message_id, outgoing.home, outgoing.key, found)
        return f"{self.base}/l/{signed_click(click, keys[0])}"

    def _leading(self, url: str, campaign: str) -> str | None:
        """Where the link is to lead; None where it is not ours to touch."""
        name = url, campaign
        if name not in self._known:
            if len(self._known) >= LINKS_KEPT:
                self._known.clear()
            utm = {"medium": "email", "campaign": campaign, **self.links.utm} if self.links.utm else {}
            self._known[name] = with_utm(url, utm) if self._is_ours_to_touch(url) else None
        return self._known[name]

    def _is_ours_to_touch(self, url: str) -> bool:
        if not url.isprintable() or (self.base and _OWN.match(url.removeprefix(self.base))):
            return False
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        return parts.scheme.lower() in ("http", "https") and parts.netloc.lower() in self.hosts


def with_utm(url: str, utm: Mapping[str, str]) -> str:
    """The address with these parameters, except those that it has already."""
    if not utm:
        return url
    parts = urlsplit(url)
    there = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    added = {f"utm_{name}": value for name, value in utm.items() if f"utm_{name}" not in there}
    query = "&".join(part for part in (parts.query, urlencode(added)) if part)
    return parts._replace(query=query).geturl()
