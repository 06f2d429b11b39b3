"""Bounds of the distributed store and of the development broker, with their units."""

from __future__ import annotations

HEAP_MIB = 384
"""Megabytes of Java heap of the development broker; with its other memory it takes about 600 in all."""
DIRECT_MIB = 64
"""Megabytes of buffers outside the heap."""
FORMAT_S = 120.0
"""How long its folder may take to be made ready."""
ANSWER_S = 120.0
"""How long it may take until it answers."""
STOP_S = 30.0
"""How long it may take to end in order; then it is killed."""
ASK_S = 10.0
"""How long one question may take."""
LOG_LINES = 12
"""Lines of its log that are shown when it does not start."""
STARTS = 3
"""Starts that are tried where somebody else takes a port between its choice and its use."""
BATCH_BYTES = 1 << 18
"""Of records in one produce request for one partition; a larger record goes alone."""
RECORD_MAX_BYTES = 8 << 20
"""The largest record that our topics take: a program's content."""
SEGMENT_MS = 600_000
"""After which a piece of the permits' log may be compacted or dropped."""
TRANSACTION_MS = 30_000
"""After which the broker aborts a transaction whose owner fell silent."""
RETRY_MS = 20
"""Between tries of a produce request: the first one after a commit often finds the commit's marks not written yet."""
FETCH_BYTES = 8 << 20
"""Of a changelog in one read."""
RESTORE_ENTRIES = 20_000
"""Records of a changelog that are put into the cache together."""
SESSION_MS = 6_000
"""After which a worker that fell silent is put out of its group."""
STATIC_SESSION_MS = 120_000
"""The same of one with a lasting name: long enough to be started again."""
HEARTBEAT_MS = 2_000
"""Between its signs of life."""
PATIENCE_MS = 100
"""The longest wait for inputs without a look at the clock, also at the broker."""
REST_MS = 5
"""The shortest: others share the loop."""
FINISH_S = 3.0
"""How long attempts under way may take when a partition is let go; what has no outcome by then is in doubt."""
BETWEEN_ASKS_S = 0.05
"""Between two looks at whether the governor is to be asked."""
AGAIN_S = 1.0
"""Before what Kafka refused to a governor, or to who asks it, is tried again."""
GRANT_TRANSACTION_MS = 5_000
"""After which the broker aborts a governor's answer: its workers' leave has run out long since."""
ORDER_TRANSACTION_MS = 10_000
"""After which the broker aborts an operator's command whose process died in between; partitions wait for it so long."""
TRIES = 50
"""Looks at topics that were just made, until every broker knows them."""
TRY_AGAIN_S = 0.1
"""Between two of them."""
ACKNOWLEDGE_S = 5.0
"""How long a request at the door waits for the brokers; after that its sender is asked to come again."""
UNACKNOWLEDGED_BYTES = 32 << 20
"""Of records at the door that the brokers have not acknowledged; more are told to come again."""
CLOSE_S = 5.0
"""How long a producer may take to end."""
REJECTED_BYTES = 32 << 10
"""Of a record that is no event, as it is put aside with its place; the whole of it stays where it came from."""
LOOK_BACK = 64
"""Offsets before the end in which the last record of a topic is looked for first."""
