"""Every bound of an authored workspace, with its unit."""

from __future__ import annotations

FILE_BYTES = 1_000_000
"""Bytes of one authored file; a table may be larger."""
TABLE_BYTES = 10_000_000
FILES = 5_000
"""Files in a workspace."""
NODES = 100_000
"""Values in one file, aliases written out."""
DEPTH = 80
"""Nesting of values in one file."""
STEPS_DEPTH = 32
"""Nesting of steps in a campaign."""
NAME_LENGTH = 64
"""Characters of a name."""
FINDINGS = 1_000
"""Findings of one check."""
INTEGER = 2**53
"""Integers beyond it are not the same number in every engine."""

RENDERINGS = 300
"""Times that one text is rendered for one place that sends it, each with other data."""

FUEL = 100_000
"""Instructions of one rendering, as delivery grants them."""

SAMPLE_DEPTH = 4
"""Levels of an object that is made up as a whole, to render a text with."""

UNBOUNDED_CHARS = 20
"""Of a value of which neither a schema nor a persona says how long it can be."""

TAGS_DEPTH = 200
"""Tags of an MJML text inside one another; its compiler overflows the stack, and ends the process, at some thousands."""

INCLUDES = 100
"""Partials in one text, those inside others too."""
PAGES_KEPT = 500
"""Pages of which it is remembered what they become: a workspace is read more than once in one process."""

OVERLAPS_NAMED = 3
"""Campaigns that one warning names; others are not looked for."""
WATCHED = 64
"""Segments and dates that the patterns of a workspace wait for: each customer's record keeps where it stands with them."""
SEGMENTS_DEPTH = 8
"""Segments that are written in terms of others, as far as proofs follow them."""

WITHIN_MS = 3_600_000
"""How long a webhook is asked at most, where `within` is not written."""
