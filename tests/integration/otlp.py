"""A receiver of OpenTelemetry's own protocol on loopback, which keeps what it is sent, as bytes and as spans."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(slots=True)
class Received:
    """All of it."""

    url: str
    bodies: list[bytes] = field(default_factory=list)

    def spans(self) -> list[Any]:
        """As the protocol has them."""
        requests = [ExportTraceServiceRequest.FromString(body) for body in list(self.bodies)]
        return [span for one in requests for each in one.resource_spans for scope in each.scope_spans for span in scope.spans]


@contextmanager
def receiver() -> Iterator[Received]:
    """One that listens until the block ends."""
    received = Received("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://127.0.0.1:{server.server_port}"
    running = threading.Thread(target=server.serve_forever)
    running.start()
    try:
        yield received
    finally:
        server.shutdown()
        running.join()
        server.server_close()
