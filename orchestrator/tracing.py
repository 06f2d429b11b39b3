"""Traces, by OpenTelemetry: off unless its own variables name a receiver, and then made after the fact.

The ids of an event's trace are a hash of its `messageId`, so every process can name them at any time and nothing about them
is stored, journalled or sent along. What a customer is called and what they did stays out of spans, as it stays out of logs.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

DOOR, EVENT, DECIDE, WAKE, SEND = "door", "event", "decide", "wake", "send"
LINKS_MAX = 32
"""Of one span; the first ones stay."""
_PARENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_EXTRA = "traces want the extra: pip install 'orchestrator[otel]', or do not set OTEL_EXPORTER_OTLP_ENDPOINT"


class Place(NamedTuple):
    """Where a span stands: its trace and itself."""

    trace: int
    span: int


def place_of(part: str, *names: str) -> Place:
    """The place of what those names name, the same wherever it is asked; spans of one event share its trace."""
    said = "\0".join(names).encode("utf-8", "surrogatepass")
    trace = blake2b(said, digest_size=16, person=b"trace").digest()
    span = blake2b(said, digest_size=8, person=part.encode()).digest()
    return Place(int.from_bytes(trace, "big"), int.from_bytes(span, "big"))


def event_place(part: str, message_id: str) -> Place:
    """Of an event at the door, or of its decision."""
    return place_of(part, "event", message_id)


def parent_in(header: str) -> Place | None:
    """The place that a `traceparent` names; None where it is none."""
    found = _PARENT.fullmatch(header.strip().lower())
    place = Place(int(found[1], 16), int(found[2], 16)) if found else None
    return place if place is not None and place.trace and place.span else None


class Tracing:
    """Hands spans to the receiver, in batches, beside the work. Sampling is the standard variables' business."""

    def __init__(self, part: str) -> None:
        """`part` is what the process is: edge, engine, worker, intake. UsageError where the extra is not installed."""
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
            from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
            from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
            from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
        except ImportError:
            raise UsageError(_EXTRA) from None
        resource = Resource.create()
        if str(resource.attributes["service.name"]).startswith("unknown_service"):
            resource = resource.merge(Resource({"service.name": "orchestrator"}))
        self._resource = resource.merge(Resource({"orchestrator.part": part}))
        self._sampler = TracerProvider(shutdown_on_exit=False).sampler
        self._out = BatchSpanProcessor(OTLPSpanExporter())

    def begun(self, parent: Place | None = None) -> Place:
        """A new span's place: in its parent's trace, else in one of its own."""
        return Place(parent.trace if parent else secrets.randbits(128) or 1, secrets.randbits(64) or 1)

    def sampled(self, trace: int) -> bool:
        """Whether that trace is told of; every process says the same of it."""
        return bool(self._sampler.should_sample(None, trace, "").decision.is_sampled())  # type: ignore[no-untyped-call]

    def header(self, place: Place) -> str:
        """The `traceparent` that names it."""
        return f"00-{place.trace:032x}-{place.span:016x}-{int(self.sampled(place.trace)):02x}"

    def tell(
        self,
        name: str,
        at: Place,
        times: tuple[int, int],
        *,
        parent: Place | None = None,
        links: Sequence[Place] = (),
        attributes: Mapping[str, str | int | Sequence[str]] | None = None,
        error: str = "",
    ) -> None:
        """Tell of a span that is over; `times` are nanoseconds since 1970."""
        if not self.sampled(at.trace):
            return
        from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415
        from opentelemetry.trace import Link, SpanKind, Status, StatusCode  # noqa: PLC0415

        kind = {DOOR: SpanKind.SERVER, SEND: SpanKind.CLIENT}.get(name, SpanKind.INTERNAL)
        span = ReadableSpan(
            name,
            context=_context(at),
            parent=_context(parent) if parent else None,
            resource=self._resource,
            attributes=attributes,
            links=[Link(_context(one)) for one in links[:LINKS_MAX]],
            kind=kind,
            status=Status(StatusCode.ERROR, error) if error else Status(),
            start_time=times[0],
            end_time=max(times),
        )
        self._out.on_end(span)

    def close(self) -> None:
        """Tell what is left, and end."""
        self._out.shutdown()  # type: ignore[no-untyped-call]


def _context(place: Place) -> SpanContext:
    from opentelemetry.trace import SpanContext, TraceFlags  # noqa: PLC0415

    return SpanContext(place.trace, place.span, is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
