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
COMPACTION_LAG_MS = 600_000
"""For which every record of a changelog stays, also one that another follows: a cache finds again where it stands."""
TRANSACTION_MS = 30_000
"""After which the broker aborts a transaction whose owner fell silent."""
RETRY_MS = 20
"""Between tries of a produce request: the first one after a commit often finds the commit's marks not written yet."""
FETCH_BYTES = 8 << 20
"""Of a changelog in one read."""
RESTORE_ENTRIES = 20_000
"""Records of a changelog that are put into the cache together."""
WAITING_PROFILES = 20_000
"""Profiles of a partition that changed and are not in its cache yet."""
WAITING_ROUNDS = 200
"""Batches after which one is there in any case: so much of the changelog is read again at most after a death."""
SESSION_MS = 6_000
"""After which a worker that fell silent is put out of its group."""
REBALANCE_MS = 30_000
"""How long a live one may take to let go and join again. Who is put out for slowness comes back and shakes the group again."""
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
TOPICS_SHOWN = 20
"""Names of topics that are told where one is not found."""
ACKNOWLEDGE_S = 5.0
"""How long a request at the door waits for the brokers; after that its sender is asked to come again."""
UNACKNOWLEDGED_BYTES = 32 << 20
"""Of records at the door that the brokers have not acknowledged; more are told to come again."""
CLOSE_S = 2.0
"""How long a producer or a consumer may take to end, and a transaction to be aborted."""
LEAVE_S = 4.0
"""How long a running turn may take when a worker is told to end, and then what is under way to become durable."""
REJECTED_BYTES = 32 << 10
"""Of a record that is no event, as it is put aside with its place; the whole of it stays where it came from."""
REJECTED_LOG_BYTES = 64 << 20
"""Of what is put aside in one partition: of more the oldest goes."""
REJECTED_SEGMENT_BYTES = 16 << 20
"""Of a piece of that log, which goes as a whole."""
REJECTED_SEGMENT_MS = 86_400_000
"""After which such a piece is over: it goes a week later."""
REJECTS_TOLD = 100
"""Refused events that a door tells together; of more nothing is kept."""
REJECTS_TOLD_S = 1.0
"""Between two such tellings."""
LOOK_BACK = 64
"""Offsets before the end in which the last record of a topic is looked for first."""
ALARMS_TOLD_MS = 2_000
"""The shortest time between two tellings of what a partition has counted for the alarms of campaigns."""
ALARMS_LOOK_S = 1.0
"""Between two looks at whether an alarm is raised."""
LIST_STALE_MS = 2_000
"""After so long without a word from the broker a worker does not trust its copy of the address list: nothing leaves."""
LIST_BATCH = 1_000
"""Entries of the address list that are produced before the first of them is waited for."""
MIRROR_FETCH_BYTES = 1 << 20
"""Of each topic's partition in one read of a mirror."""
MIRROR_WAITING = 50_000
"""Records of a partition that a mirror keeps until their transaction is whole; of more it takes what there is."""
MIRROR_LOOK_S = 2.0
"""Between two looks of a mirror at how the workers stand."""
