"""Build `cdnow_sample.jsonl.gz` from the `Lifetimes` 0.11.3 wheel.

    pip download --no-deps Lifetimes==0.11.3
    python make_sample.py Lifetimes-0.11.3-py3-none-any.whl

The same wheel gives the same events; SOURCE.md says what they are and whose.
"""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SAMPLE = Path(__file__).with_name("cdnow_sample.jsonl.gz")


def events(wheel: Path) -> Iterator[dict[str, Any]]:
    """Yield the sample's orders in the Segment shape, by day and then by row of the master file."""
    with zipfile.ZipFile(wheel) as archive:
        sample = _rows(archive, "CDNOW_sample.txt")
        _, *master = _rows(archive, "CDNOW_master.txt")
    customers = {row[0] for row in sample}
    chosen = [(number, row) for number, row in enumerate(master, start=1) if row[0] in customers]
    for number, (customer, day, quantity, total) in sorted(chosen, key=lambda order: order[1][1]):
        yield {
            "messageId": f"cdnow-{number:06}",
            "type": "track",
            "event": "Order Completed",
            "userId": f"cdnow-{customer}",
            "timestamp": f"{day[:4]}-{day[4:6]}-{day[6:]}T00:00:00.000Z",
            "properties": {
                "order_id": f"cdnow-o{number:06}",
                "total": float(total),
                "currency": "USD",
                "quantity": int(quantity),
                "dateOnly": True,
            },
        }


def write(wheel: Path, target: Path = SAMPLE) -> None:
    lines = (json.dumps(event, separators=(",", ":")) + "\n" for event in events(wheel))
    target.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


def _rows(archive: zipfile.ZipFile, name: str) -> list[list[str]]:
    return [line.split() for line in archive.read(f"lifetimes/datasets/{name}").decode().splitlines()]


if __name__ == "__main__":
    write(Path(sys.argv[1]))
