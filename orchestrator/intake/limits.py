"""Every bound at the door, with its unit."""

from __future__ import annotations

EVENT_MAX_BYTES = 32 * 1024
"""One event as its emitter wrote it."""
DEPTH_MAX = 32
"""Objects and arrays inside one another; the event itself is the first."""
INTEGER_MAX = 2**53
"""Beyond it, an integer does not mean the same in every JSON reader."""
EVENT_NAME_MAX_CHARS = 200
MESSAGE_ID_MAX_CHARS = 100
ID_MAX_CHARS = 256
"""A user, anonymous, previous or group id."""
OUTCOME_CHARS = 200
"""How a task went, in the words of who did it."""
REASON_MAX_CHARS = 400
"""What a reason may quote of a refused event."""

EARLIEST_MS = -62_135_596_800_000
"""0001-01-01, the first instant that RFC 3339 can write."""
LATEST_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""
EPOCH_SECONDS_MIN = 100_000_000
"""A smaller number is no point in time (or a date written as a number)."""
EPOCH_SECONDS_MAX = 100_000_000_000
"""From here on a number counts milliseconds."""
AHEAD_MAX_MS = 24 * 3_600_000
"""A later event than this after its receipt is a wrong clock: it occurred when it was received."""

LINE_MAX_BYTES = 1024 * 1024
"""A longer line of a file is skipped, never loaded."""

BODY_MAX_BYTES = 500 * 1024
"""A request's body, packed and unpacked."""
BATCH_MAX_EVENTS = 2_500
BATCH_CONTEXT_MAX_BYTES = 4 * 1024
"""A batch's context is copied into each of its events."""

RECEIPTS_MAX_BYTES = 4 * 1024 * 1024
"""What a provider may tell in one request."""
TEXT_CHARS = 1_600
"""Of an SMS to us."""

SURVEY_BODY_MAX_BYTES = 32 * 1024
"""A form as a browser sends it; a letter may take twelve bytes."""
CHOICE_BODY_MAX_BYTES = 64 * 1024
"""The form of the preference page, of many topics."""
COMMENT_MAX_CHARS = 2_000
SURVEY_PAGES_A_MINUTE = 6_000
"""Pages of surveys, looked at or sent, in one process; of choices those that are looked at."""
ANSWERS_A_MINUTE = 10
"""Forms sent for one message."""
CLICKS_A_MINUTE = 60
"""Clicks of one message that are told; more are led on all the same."""
PACED_KEPT = 20_000
"""Keys that are counted within a minute."""

UNKNOWN_NAMES_KEPT = 1_000
"""Different names outside the catalogue that are listed one by one; the rest are counted together."""
