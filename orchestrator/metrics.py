"""What the pages `/metrics` tell: each name once. Alerts are written against this list, and a test compares the two.

No label names a person. Counters begin at nothing with each process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

CONTENT_TYPE = CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True)
class Metric:
    """One name; a counter's ends in `_total`."""

    name: str
    says: str
    labels: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return "counter" if self.name.endswith("_total") else "gauge"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a metric stands at now, for one set of labels."""

    metric: Metric
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


_PARTITION = ("partition",)
_CAMPAIGN = ("campaign",)

READY = Metric("orchestrator_ready", "1 where the process can take work: everything that it owns is recovered.")
EVENTS = Metric("orchestrator_events_total", "Events at the door: accepted, duplicate or rejected.", ("outcome",))
TURNED_AWAY = Metric("orchestrator_turned_away_total", "Requests told to come again (429, 503) or refused (4xx).", ("status",))
RECEIPTS = Metric(
    "orchestrator_receipts_total",
    "What providers told at the door: heard, text, foreign, broken, or unsigned and not believed.",
    ("provider", "outcome"),
)
ACKNOWLEDGED = Metric(
    "orchestrator_acknowledged_total", "Requests whose events are durable: on disk, or in all in-sync copies."
)
ACKNOWLEDGE_SECONDS = Metric("orchestrator_acknowledge_seconds_total", "How long these waited for that, in all.")
UNACKNOWLEDGED = Metric("orchestrator_unacknowledged_bytes", "Of records that the brokers have not acknowledged yet.")
PARTITIONS = Metric("orchestrator_partitions", "Partitions that this process owns, recovered or not.")
RESTORED = Metric("orchestrator_restored_ratio", "How much of a changelog is read back; 1: all of it.", _PARTITION)
REBALANCES = Metric("orchestrator_rebalances_total", "How often partitions were dealt out to this process.")
INPUTS = Metric("orchestrator_inputs_total", "Records of the log that were decided.", _PARTITION)
LAG = Metric("orchestrator_lag", "Records of the log that are not decided yet.", _PARTITION)
CLOCK_LAG = Metric("orchestrator_clock_lag_seconds", "How late the earliest timer is that is due.", _PARTITION)
DEAD_LETTERS = Metric("orchestrator_dead_letters_total", "Inputs that could not be decided and were put aside.", _PARTITION)
REJECTED = Metric("orchestrator_rejected_total", "Records that were no event and were put aside.", _PARTITION)
COMMITS = Metric("orchestrator_commits_total", "Transactions that were committed.", _PARTITION)
COMMIT_SECONDS = Metric("orchestrator_commit_seconds_total", "How long these took, in all.", _PARTITION)
FENCED = Metric("orchestrator_fenced_total", "Commits refused because another process owns the partition.")
OPENED_AGAIN = Metric("orchestrator_opened_again_total", "Partitions opened again after a fault, such as being fenced.")
ATTEMPTS = Metric("orchestrator_attempts_total", "Attempts to send, by what became of them.", ("channel", "result"))
MESSAGES_IN_DOUBT = Metric("orchestrator_in_doubt", "Messages of which nobody knows yet whether they have left.", _PARTITION)
MESSAGES_UNKNOWN = Metric("orchestrator_unknown", "Messages that ended so: nothing was ever heard of them.", _PARTITION)
ALARM = Metric(
    "orchestrator_alarm",
    "1 while a campaign sends (or begins) fewer or more than its `alarm` expects: silence, surge.",
    ("campaign", "of", "kind"),
)
TRIGGERED = Metric("orchestrator_campaign_triggered_total", "Runs that began, or began again; held out ones too.", _CAMPAIGN)
HELD_OUT = Metric("orchestrator_campaign_held_out_total", "Runs that began in the holdout, who are sent nothing.", _CAMPAIGN)
NOT_ENTERED = Metric(
    "orchestrator_campaign_not_entered_total",
    "Triggers whose conditions held and that began nothing, by why: age, live, inactive, reentry, limit.",
    ("campaign", "reason"),
)
PLANNED = Metric("orchestrator_campaign_planned_total", "Messages that a step wanted.", _CAMPAIGN)
SENT = Metric("orchestrator_campaign_sent_total", "Messages that their provider took.", _CAMPAIGN)
SUPPRESSED = Metric(
    "orchestrator_campaign_suppressed_total",
    "Messages that never go out, by the gate that stopped them.",
    ("campaign", "reason"),
)
ERRORS = Metric(
    "orchestrator_campaign_errors_total",
    "Messages that went wrong: refused, in_doubt, unknown, bounced; and webhooks: call_refused, call_expired.",
    ("campaign", "reason"),
)
GOVERNOR_ANSWERS = Metric("orchestrator_governor_answers", "1 where a governor answers this worker; 0: nothing leaves.")
PERMITS = Metric("orchestrator_permits_granted_total", "Permits to send that the governor has granted.")
KILLED = Metric("orchestrator_killed", "1 while the kill switch is on.")
BREAKER_OPEN = Metric(
    "orchestrator_breaker_open",
    "1 while this process leaves a channel alone: its provider fails (breaker) or asked for it (throttle).",
    ("channel", "reason"),
)

METRICS = (
    READY,
    EVENTS,
    TURNED_AWAY,
    RECEIPTS,
    ACKNOWLEDGED,
    ACKNOWLEDGE_SECONDS,
    UNACKNOWLEDGED,
    PARTITIONS,
    RESTORED,
    REBALANCES,
    INPUTS,
    LAG,
    CLOCK_LAG,
    DEAD_LETTERS,
    REJECTED,
    COMMITS,
    COMMIT_SECONDS,
    FENCED,
    OPENED_AGAIN,
    ATTEMPTS,
    MESSAGES_IN_DOUBT,
    MESSAGES_UNKNOWN,
    ALARM,
    TRIGGERED,
    HELD_OUT,
    NOT_ENTERED,
    PLANNED,
    SENT,
    SUPPRESSED,
    ERRORS,
    GOVERNOR_ANSWERS,
    PERMITS,
    KILLED,
    BREAKER_OPEN,
)


BY_NAME = {one.name: one for one in METRICS}


class Counts:
    """What a process has counted since it began."""

    def __init__(self, *begun: Metric) -> None:
        """Those metrics without labels that stand at nothing until they are counted, so that a rate sees the first one."""
        self._values: dict[tuple[Metric, tuple[str, ...]], float] = {(metric, ()): 0 for metric in begun}

    def add(self, metric: Metric, value: float, *labels: str) -> None:
        """Count so many more."""
        self._values[metric, labels] = self._values.get((metric, labels), 0) + value

    def put(self, metric: Metric, value: float, *labels: str) -> None:
        """Note where a gauge stands."""
        self._values[metric, labels] = value

    def drop(self, metric: Metric, *labels: str) -> None:
        """A gauge stands nowhere any more."""
        self._values.pop((metric, labels), None)

    def readings(self) -> list[Reading]:
        """All of it; of metrics without labels that were never counted, nothing."""
        found = self._values.items()
        return [Reading(one, value, dict(zip(one.labels, labels, strict=True))) for (one, labels), value in found]


class _Read(Collector):
    def __init__(self, readings: Iterable[Reading]) -> None:
        self._families: dict[Metric, Family] = {}
        for one in readings:
            bare = one.metric.name.removesuffix("_total")  # the library puts it back
            family = self._families.setdefault(one.metric, Family(bare, one.metric.says, one.metric.kind))
            family.add_sample(one.metric.name, {name: one.labels[name] for name in one.metric.labels}, one.value)

    def collect(self) -> Iterable[Family]:
        return self._families.values()


def page(readings: Iterable[Reading]) -> bytes:
    """Prometheus' text format, with what the operating system knows of the process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Read(readings))
    ProcessCollector(registry=registry)
    return generate_latest(registry)
