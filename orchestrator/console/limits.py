"""Every bound of the console, with its unit."""

from __future__ import annotations

NAME_MAX_CHARS = 64
"""An account's name."""
PASSWORD_MIN_CHARS = 12
PASSWORD_MAX_CHARS = 256
"""A longer one would only keep the hash busy."""
ACCOUNTS_MAX = 1_000
"""Accounts of one file."""
FAILURES_FREE = 5
"""Wrong passwords of an account before it is locked for a while."""
LOCK_S = 30
"""The first lock; each wrong password after it doubles that."""
LOCK_MAX_S = 900
FAILING_KEPT = 10_000
"""Names whose failures are remembered, so that guessing names fills no memory."""
LOGINS_AT_ONCE = 2
"""Passwords that are tried at one time: each takes 64 MiB and some 50 ms."""
LOGBOOK_KEPT = 10_000
"""Entries of the door's book: logins and the like."""
GATHERED_MS = 3_600_000
"""Wrong passwords of one account within so long are one entry, so that guessing pushes nothing out of the book."""
SESSIONS_KEPT = 1_000
"""Sessions at one time; the one that was used longest ago ends."""
IDLE_S = 1_800
"""A session ends when nothing has come for so long."""
ABSOLUTE_S = 43_200
"""A session ends so long after its login, whatever comes."""
TOKEN_BYTES = 32
"""Of a session's name and of its form token."""
FORM_MAX_BYTES = 16 * 1024
"""The body of a form."""
FORM_FIELDS = 40
"""Fields of a form."""
REASON_MIN_CHARS = 3
"""Of what somebody gives as their reason."""
REASON_MAX_CHARS = 500
QUERY_MAX_CHARS = 256
"""What somebody looks for."""
ROWS_SHOWN = 50
"""Rows of a list on one page."""
MESSAGES_SHOWN = 20
"""Messages of one customer on their page at first."""
TIMELINE_ROWS = 200
"""Rows of one customer's timeline at first."""
PROGRAMS_KEPT = 8
"""Compiled programs that the process remembers."""
COUNTED_MAX = 999
"""What the menu counts of one kind; of more it only says so."""
REJECTS_COUNTED_MS = 86_400_000
"""How far back the menu counts bad events: they wait for nobody, so older ones would only be noise."""
LIVE_EVERY_S = 5
"""Between two looks of a page that follows what happens."""
