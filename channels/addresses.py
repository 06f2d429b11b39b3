"""Where a webhook may lead: addresses of the public internet, looked up once and then connected to as they were judged.

Loopback, private, link-local and other special ranges are inside, and so are the clouds' metadata services, in whatever form
the address is written: a name that leads there, a number, an IPv6 address that carries an IPv4 one.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""host and port → its addresses; raises OSError."""

_VISIBLE = re.compile("[!-~]{1,2048}")
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
"""Public by their range, and yet a cloud's own."""
_INSIDE = tuple(map(ipaddress.ip_network, ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "fec0::/10", "192.0.0.0/24")))
"""Inside, though some versions of Python call it global: IPv4 in old IPv6 forms, local translation, site-local."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `authority` is the Host header."""

    scheme: str
    host: str
    port: int
    authority: str


def target_of(url: str) -> Target | str:
    """The URL taken apart, or what is wrong with it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it is not a URL"
    if not _VISIBLE.fullmatch(url) or parts.scheme not in _PORTS or not parts.hostname:
        return "it is not a URL such as https://hooks.example.org/orders"
    if parts.username is not None or parts.password is not None or "#" in url:
        return "a user, a password or a fragment has no place in it"
    literal = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    given = literal if port is None else f"{literal}:{port}"
    return Target(parts.scheme, parts.hostname, port if port is not None else _PORTS[parts.scheme], given)


def is_public(address: str) -> bool:
    """Whether the address is one of the public internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    every = [found, *_carried(found)]
    return all(one.is_global and not one.is_multicast and one not in _METADATA and not _is_inside(one) for one in every)


def _is_inside(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return any(address in network for network in _INSIDE)


def _carried(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses inside an IPv6 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return [one for one in found if one is not None]


async def looked_up(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver, IPv4 first."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = dict.fromkeys(str(one[4][0]) for one in sorted(found, key=lambda one: one[0] != socket.AF_INET))
    return list(addresses)
