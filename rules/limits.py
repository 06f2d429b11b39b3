"""Every bound of the rule language, with its unit and the reason for it."""

DEPTH_MAX = 32
"""Levels of operators and arrays in one condition: deeper ones cannot be read, and generated source must stay parseable."""

NODES_MAX = 1_000
"""Operators, arrays and constants in one condition."""

ITERATIONS_MAX = 2
"""Levels of map, filter, reduce, all, some and none inside one another: their work multiplies."""

LITERAL_CHARS_MAX = 10_000
"""Characters of one text that an author writes."""

NUMBER_MAX = 2**53
"""Largest magnitude of an integer that is the same number in every JSON-Logic engine (exact as a double)."""

TEXT_CHARS_MAX = 100_000
"""Characters of a text that an expression builds; a longer one is cut, so that doubling in `reduce` cannot fill memory."""

ITEMS_MAX = 10_000
"""Elements of an array that `merge` builds; a longer one is cut."""

VALUE_WEIGHT_MAX = 200_000
"""Elements, members and characters of an array or object that an expression gives; a heavier one becomes null."""

SHOWN_WEIGHT_MAX = 10_000
"""The same for a value that a trace shows."""

VALUE_DEPTH_MAX = 64
"""Levels of arrays and objects in a value that an expression gives; a deeper one becomes null."""

TRACED_ITEMS_MAX = 50
"""Elements of an array whose evaluation a trace shows; the others are evaluated, not shown."""

INLINE_LEVELS_MAX = 8
"""Nested operators in one generated Python expression; deeper ones become functions (Python allows 200 parentheses)."""

INLINE_BRANCHES_MAX = 4
"""Alternatives of `if`, `and`, `or` in one generated Python expression; more become statements."""

PARSED_INSTANTS_MAX = 4_096
"""Date-times and durations kept parsed: those of one input are read by many conditions."""

DAY_MS = 86_400_000
"""Milliseconds."""

HOUR_MS = 3_600_000
"""Milliseconds."""

MINUTE_MS = 60_000
"""Milliseconds."""

SECOND_MS = 1_000
"""Milliseconds."""

WORLDS_MAX = 20_000
"""Worlds that are tried to prove that a condition can never hold; with more, nothing is proved."""
