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

STEPS_MAX = 5_000
"""Steps that loops and heavy values take in one evaluation: each element of a loop takes the weight of its body."""

CHARS_A_STEP = 256
"""Characters of a text in which another one is looked for in one step."""

COPIED_CHARS_A_STEP = 1_024
"""Characters of a text that are copied in one step."""

ITEMS_A_STEP = 16
"""Elements of an array that are looked through in one step."""

COMPARED_ITEMS_A_STEP = 4
"""Elements of an array that are compared with a number or a boolean in one step."""

COPIED_ITEMS_A_STEP = 64
"""Elements of an array that are copied in one step."""

TEXT_STEPS = 4
"""Steps that it costs to write a number, or an element of an array, as text."""

LOWER_CHARS_A_STEP = 128
"""Characters of a text that are put into lower case in one step."""

PATH_STEPS = 4
"""Steps that a path costs that is not written in the rule, and one more for each member that it names."""

PATH_SEGMENTS_MAX = 32
"""Members that a path names in turn."""

PATH_CHARS_MAX = 1_000
"""Characters of a path."""

TEXTS_CHARS_MAX = 100_000
"""Characters of all texts of one condition."""

NUMERAL_CHARS_MAX = 100
"""Characters of a text that may be a number: a longer one is none."""

COMPARED_ITEMS_MAX = 8
"""Values of an array that is compared with a text or a number: a longer one equals none."""

NESTED_MAX = 2
"""Levels of arrays in such an array."""

ORDERED_CHARS_MAX = 1_000
"""Characters by which texts are ordered."""

NUMERALS_MAX = 4_096
"""Texts kept as the numbers that they are."""

BUCKET_CHARS_MAX = 256
"""Characters of a bucket's name."""

VALUE_WEIGHT_MAX = 20_000
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
