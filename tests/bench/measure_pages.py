"""How long pages of measures wait: `python tests/bench/measure_pages.py FOLDER --profiles 1000000`.

Writes a state file with the shipped program, and a history of that many profiles: three runs and two transitions each in
the index, and four events each in Parquet: ten million rows of a million. Then a real console is asked for page after
page while its measures are worked out. Prints how long the pages took, how long it was until every measure was there, and the
most memory of the process that worked them out. The file holds no profiles, so nothing is asked by segment.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from contextlib import closing
from pathlib import Path

import duckdb
import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))

from orchestrator.history import folder_of
from orchestrator.history.follower import INDEX, opened
from orchestrator.history.plain import mark
from orchestrator.stores.reader import open_reader
from tests.bench import history_pages
from tests.console.house import PASSWORD, console_on
from tests.console.shop import LIBRARY, Shop, _loaded

_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_NAMES = [
    "Product Viewed",
    "Product Viewed",
    "Cart Updated",
    "Order Completed",
    "Survey Answered",
    "Ticket Opened",
    "Ticket Closed",
]
_INDEX = """
  create temp table many as
    with recursive n(i) as (values(0) union all select i + 1 from n where i + 1 < 3 * :n) select i from n;
  insert into places select i + 1, 'retention', :first from many where i < :n;
  insert into transitions select i + 1, i % :n + 1, :first + (abs(random()) % :length) * 4 / 5 + (i >= :n) * :length / 5,
    iif(i < :n, 'interest', 'retention'), iif(i < :n, 'retention', iif(i % 2, 'loyalty', 'lost')), 'event', :first
    from many where i < 2 * :n;
  insert into runs select printf('%024x', i), i / 3 + 1, name, :first + abs(random()) % :length, i % 10 = 0, '', 'end',
    iif(i % 3 = 0, :first + abs(random()) % :length, null), null, :first + :length, 'done'
    from many join names on place = i % (select count(*) from names)
"""
_EVENTS = """
  create table events as select
    i + 1 as seq, (hash(i) % ?)::bigint + 1 as key, ? + (i * ? // ?)::bigint as t, pick(?, i + 7) as name,
    pick(['interest', 'retention', 'loyalty'], i + 2) as stage, 0::bigint as own,
    to_json({'total': hash(i + 3) % 200, 'score': hash(i + 5) % 11, 'cart_id': 'c' || (hash(i) % ?), 'survey': pick(?, i + 9),
             'ticket_id': 't' || (hash(i + 1) % ?), 'order_id': 'o' || (hash(i) % ?)})::varchar as properties
  from range(?) r(i)"""
_QUERIES = ("", "by=month", "by=stage", "by=cohort", "days=90", "by=campaign")


def write(folder: Path, profiles: int) -> Path:
    """The state file and its history."""
    shop = Shop(folder, days=0)
    shop.turn()
    shop.close()
    into = folder_of(shop.state)
    into.mkdir(exist_ok=True)
    with open_reader(shop.state) as source, closing(opened(into, source)) as index:
        index.execute("pragma synchronous=off")
        index.execute("begin")
        given = {"n": profiles, "first": history_pages.START, "length": history_pages.DAYS * history_pages.DAY}
        index.execute("create temp table names as select value as name, key as place from json_each(?)", (_campaigns(),))
        for statement in _INDEX.split(";"):
            index.execute(statement, given)
        (key,) = index.execute("select value from meta where name = 'key'").fetchone()
        index.execute("insert or replace into segments values(?, ?, ?, ?, ?, ?)", _parquet(into, profiles, key))
        clock = history_pages.START + history_pages.DAYS * history_pages.DAY
        index.execute("update meta set value = ? where name = 'clock'", (clock,))
        index.execute("commit")
        index.execute("pragma wal_checkpoint(truncate)")
    return shop.state


def _campaigns() -> str:
    return json.dumps(list(_loaded(LIBRARY).program.campaigns))


def _parquet(folder: Path, profiles: int, key: bytes) -> tuple[object, ...]:
    """Four events a profile, a year of them, in one file."""
    name, rows = "events-000000000000001.parquet", 4 * profiles
    length, last = history_pages.DAYS * history_pages.DAY, history_pages.START + history_pages.DAYS * history_pages.DAY
    surveys = [mark(one, key) for one in ("nps", "ces", "csat-delivery", "enps")]
    with duckdb.connect(config={"threads": 1}) as duck:
        duck.execute("create macro pick(them, i) as list_extract(them, (hash(i) % len(them))::int + 1)")
        duck.execute(
            _EVENTS, [profiles, history_pages.START, length, rows, _NAMES, profiles, surveys, profiles, profiles, rows]
        )
        place = str(folder / name).replace("'", "''")
        duck.execute(f"copy events to '{place}' (format parquet, compression zstd)")
    return name, 1, rows, history_pages.START, last, rows


def ask(base: str, state: Path, minutes: float) -> None:
    """Pages in turn, as long as that, or until all of them are there; then each of them twenty times more."""
    names = [one.name for one in _loaded(LIBRARY).measures]
    paths = [f"/measures?{query}" for query in _QUERIES] + [f"/measure?name={name}" for name in names]
    took: dict[str, list[float]] = {"while worked out": [], "once there": []}
    with httpx.Client(base_url=base, timeout=60) as client:
        token = _TOKEN.search(client.get("/login").text)
        assert token is not None
        client.post("/login", data={"name": "olga", "password": PASSWORD, "token": token[1]})
        client.get("/measures")
        begun, most, first, waiting = time.monotonic(), 0, 0.0, set(paths)
        while waiting and time.monotonic() - begun < 60 * minutes:
            for path in paths:
                took["while worked out"].append(_timed(client, path, waiting))
                most = max(most, _memory(state))
                if path == paths[0] and path not in waiting and not first:
                    first = time.monotonic() - begun
            time.sleep(1)
        whole = time.monotonic() - begun
        print(f"all on one page after {first:.0f} s, {len(paths) - len(waiting)} of {len(paths)} pages after {whole:.0f} s")
        for _ in range(20):
            took["once there"] += [_timed(client, path, set()) for path in paths]
    print(f"most memory of the process that works them out: {most / 1024:.0f} MB")
    for name, times in took.items():
        times.sort()
        print(
            f"{name:18} {len(times):6} pages"
            f"  median {times[len(times) // 2]:6.1f} ms  p95 {times[int(len(times) * 0.95)]:6.1f} ms"
        )


def _timed(client: httpx.Client, path: str, waiting: set[str]) -> float:
    begun = time.perf_counter()
    answer = client.get(path)
    spent = (time.perf_counter() - begun) * 1000
    assert answer.status_code == 200, answer.text
    assert "could not be worked out" not in answer.text, path
    if "Being worked out" not in answer.text:
        waiting.discard(path)
    return spent


def _memory(state: Path) -> int:
    """Kilobytes that the process had at its most."""
    for one in Path("/proc").glob("[0-9]*"):
        try:
            if f"measures.work\0{state}".encode() in (one / "cmdline").read_bytes():
                found = re.search(r"VmHWM:\s+(\d+)", (one / "status").read_text())
                return int(found[1]) if found is not None else 0
        except OSError:  # it ended meanwhile
            continue
    return 0


def main() -> None:
    """Write, ask, print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--profiles", type=int, default=1_000_000)
    asked.add_argument("--minutes", type=float, default=30)
    given = asked.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    state = given.folder / "shop.sqlite"
    if not (folder_of(state) / INDEX).exists():
        write(given.folder, given.profiles)
    with console_on(state) as base:
        ask(base, state, given.minutes)


if __name__ == "__main__":
    main()
