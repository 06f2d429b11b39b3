"""Every bound of an exchange with a provider, with its unit."""

from __future__ import annotations

CONNECT_TIMEOUT_S = 5.0
"""Pool wait, name lookup, connection and TLS together."""
READ_TIMEOUT_S = 15.0
"""From the connection on, until the answer is complete."""
TIMEOUT_MAX_S = 600.0
GOODBYE_S = 1.0
"""How long an SMTP server may take to answer QUIT; what became of the message is known by then."""
SMTP_KEPT = 20
"""Connections that wait for the next letter, at most."""
SMTP_IDLE_S = 20.0
"""How long one waits: servers close what idles, some after half a minute."""
SMTP_LETTERS = 100
"""Letters over one connection; many servers want a new one then."""
ANSWER_BYTES = 65_536
"""Read of an answer's body; what follows is dropped with the connection."""
RETRY_DEFAULT_MS = 5_000
"""When to try again where the provider did not say."""
RETRY_MAX_MS = 3_600_000
"""A provider that asks for more is asked again after this."""
ADDRESS_CHARS = 254
"""RFC 5321: a path is at most 256 octets, its angle brackets included."""
NAME_CHARS = 200
SUBJECT_CHARS = 500
HEADER_LINE_BYTES = 998
"""RFC 5322."""
ADDRESSES_TRIED = 2
"""Addresses of a webhook's host to which a connection is tried in one attempt."""
LISTED = 50
"""Messages to one number that are looked through for one in doubt."""
LISTED_BYTES = 512 * 1024
BEFORE_DOUBT_MS = 5 * 60_000
"""How long before its doubt a message may have been taken: its leave, the answer's time and what clocks differ by."""
SIGNATURE_CHARS = 1_000
SIGNATURE_AGE_S = 3 * 86_400
"""How old a signed webhook may be, where the settings say nothing: providers repeat one for a day and more."""
SIGNATURE_AGE_MAX_S = 30 * 86_400
EVENTS_MAX = 5_000
"""Events in one webhook."""
PARAMETERS_MAX = 200
"""Of a callback."""
VALIDITY_MAX_S = 36_000
"""Twilio's longest ValidityPeriod."""
