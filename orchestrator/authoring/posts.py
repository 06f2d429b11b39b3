"""senders.yaml: what webhooks and tasks need, as far as it can be told without asking anybody."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

from orchestrator.authoring.document import Spot
from orchestrator.authoring.scope import Scope
from orchestrator.domain.calls import admitted

_REFUSED = "with ORCHESTRATOR_WEBHOOK_ALLOW_PRIVATE only, and to an address inside"


def check_senders(scope: Scope) -> None:
    """URLs that cannot be asked, or not as settings usually are; samples that no webhook could answer."""
    document = scope.files.one("senders")
    for _, sender in document.root.members() if document is not None else ():
        webhook, hours = sender.at("webhook"), sender.at("task").get("hours")
        url, sample = webhook.get("url"), webhook.get("sample")
        if url is not None and url.text is not None:
            _url(url, url.text, scope)
        if sample is not None and isinstance(sample.value, dict) and not admitted(sample.value):
            scope.report.add("E207", sample.place, "no webhook can answer this: it is longer than 4,096 bytes", "shorten it")
        if hours is not None:
            scope.report.add("N901", hours.key_place, "`hours` is accepted, but not enforced yet")


def _url(spot: Spot, text: str, scope: Scope) -> None:
    parts = _split(text)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        scope.report.add("E204", spot.place, f"`{text}` is not a URL", "write one such as https://hooks.example.org/orders")
    elif parts.username is not None or parts.password is not None or "#" in text:
        fix = "remove it; `secret` signs what is asked"
        scope.report.add("E204", spot.place, "a URL holds no user, password or fragment here", fix)
    elif parts.scheme == "http":
        scope.report.add("W520", spot.place, f"plain http is asked {_REFUSED}", "write https")
    elif _is_inside(parts.hostname):
        scope.report.add("W520", spot.place, f"`{parts.hostname}` is inside, and asked {_REFUSED}", "name a public host")


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts if text.isascii() and text.isprintable() and " " not in text else None


def _is_inside(host: str) -> bool:
    if host == "localhost" or host.endswith((".localhost", ".internal", ".local")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False
