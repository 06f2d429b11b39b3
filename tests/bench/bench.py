"""What the engine costs, as ratios in one run: uv run python tests/bench/bench.py [decide|rules|check|…] [--full].

The baseline of each run is `json`: CPU µs to decode one Product Viewed event with msgspec, untyped, on the same machine in the
same minute. Figures are CPU time of this process unless they say wall.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import io
import json
import os
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from histories import write_orders, write_shop
from leaving import handoff_row, render_rows
from workspaces import lay_out_many

from orchestrator.authoring import load_workspace
from orchestrator.cli.demo import lay_out
from orchestrator.delivery.governor import OpenGovernor
from orchestrator.delivery.render import Renderer
from orchestrator.delivery.tracking import Tracking, hosts_of
from orchestrator.delivery.virtual import VirtualWire
from orchestrator.domain.decide import decide, newcomer
from orchestrator.domain.input import Event
from orchestrator.domain.moment import Controls
from orchestrator.domain.policies import Links
from orchestrator.domain.profile import Profile, seal
from orchestrator.domain.program import Program
from orchestrator.insight.explain import explain
from orchestrator.partition.cursors import PAGE
from orchestrator.partition.engine import Engine
from orchestrator.partition.partition import Surroundings
from orchestrator.partition.ports import Changes, JournalRow, Record
from orchestrator.stores.reader import open_reader
from orchestrator.stores.sqlite import SqliteFile
from rules import compile_condition

START = 1_750_000_000_000
HOUR = 3_600_000
BATCH = 1_000
ROUNDS = 3
Size = Literal["tiny", "normal", "full"]
TINY = 50
"""So much less work than normal."""


def main() -> None:
    """Run the chosen benches and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benches", nargs="*", default=list(BENCHES), help=", ".join(BENCHES))
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", dest="size", action="store_const", const="full", help="a million profiles, not twenty thousand")
    size.add_argument(
        "--tiny", dest="size", action="store_const", const="tiny", help="whether it runs at all; the figures mean nothing"
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        program = load_workspace(lay_out(Path(folder) / "workspace")).program
        for name in given.benches:
            for row in BENCHES[name](program, given.size or "normal", Path(folder)):
                print(json.dumps({"bench": name, **row}, ensure_ascii=False), flush=True)


def scaled(count: int, size: Size) -> int:
    """So many of something, or few where only a sign of life is wanted."""
    return max(10, count // TINY) if size == "tiny" else count


def browse(count: int, profiles: int) -> list[Event]:
    """Product views of so many profiles, one a second."""
    return [_event(n, "Product Viewed", n % profiles, {"product_id": str(n % 97), "price": 20.5}) for n in range(count)]


def orders(count: int, profiles: int) -> list[Event]:
    """Orders of so many profiles, one a second."""
    return [_event(n, "Order Completed", n % profiles, {"order_id": f"o{n}", "total": 30.25}) for n in range(count)]


def _event(number: int, name: str, profile: int, properties: dict[str, object]) -> Event:
    at = START + number * 1_000
    return Event(f"m{number}", at, name=name, user_id=f"u{profile}", received_at=at, source="bench", properties=properties)


def cpu_us(work: Callable[[], object], count: int) -> float:
    """The best of some rounds, in CPU µs an item, without cyclic collection."""
    gc.collect()
    gc.freeze()
    gc.disable()
    found = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        work()
        found.append((time.process_time() - begun) / count * 1e6)
    gc.enable()
    return min(found)


def baseline() -> float:
    """CPU µs to decode one event's JSON."""
    event = {"type": "track", "event": "Product Viewed", "userId": "u1", "messageId": "m1", "timestamp": "2026-01-01T00:00:00Z"}
    line = json.dumps({**event, "properties": {"product_id": "17", "price": 20.5}}).encode()
    decode = msgspec.json.Decoder().decode
    return cpu_us(lambda: [decode(line) for _ in range(20_000)], 20_000)


def _decide_all(program: Program, events: Sequence[Event]) -> dict[str, Profile]:
    profiles: dict[str, Profile] = {}
    controls = Controls(addresses=False)
    for event in events:
        profile = profiles.get(event.user_id or "")
        if profile is None:
            profile = profiles[event.user_id or ""] = newcomer(program, event.occurred_at)
        decide(program, controls, profile, event, event.occurred_at)
    return profiles


def bench_decide(program: Program, size: Size, _folder: Path) -> Iterator[dict[str, object]]:
    """`decide` alone with the shipped workspace, and where its time goes."""
    base = baseline()
    for name, events in (
        ("browse", browse(scaled(6_000, size), scaled(1_500, size))),
        ("first and second orders", orders(scaled(3_000, size), scaled(1_500, size))),
    ):
        cost = cpu_us(lambda events=events: _decide_all(program, events), len(events))
        profiles = _decide_all(program, events).values()
        sealing = cpu_us(lambda profiles=profiles: [seal(profile) for profile in profiles], len(profiles))
        yield {
            "events": name,
            "decide_us": round(cost, 1),
            "json_us": round(base, 2),
            "ratio": round(cost / base, 1),
            "seal_us": round(sealing, 1),
        }
        yield {"events": name, "top": _top(lambda events=events: _decide_all(program, events))}


def _top(work: Callable[[], object]) -> list[str]:
    profiler = cProfile.Profile()
    profiler.runcall(work)
    out = io.StringIO()
    pstats.Stats(profiler, stream=out).sort_stats("tottime").print_stats(8)
    rows = [line.split() for line in out.getvalue().splitlines() if line.strip()[:1].isdigit()]
    total = sum(float(row[1]) for row in rows[1:] if len(row) > 5)
    return [f"{row[-1].rsplit('/', 1)[-1]} {float(row[1]) / total:.0%} of these" for row in rows[1:] if len(row) > 5]


def _engine(program: Program, path: Path, synchronous: str = "FULL") -> tuple[SqliteFile, Engine]:
    file = SqliteFile(path, synchronous="FULL" if synchronous == "FULL" else "OFF")
    around = Surroundings(program, OpenGovernor(), VirtualWire(), Controls(addresses=False))
    return file, Engine([file.partition(0)], around)


def bench_embedded(program: Program, size: Size, folder: Path) -> Iterator[dict[str, object]]:
    """The engine end to end, durable: parsed events in, a transaction a thousand, `synchronous=FULL`."""
    base = baseline()
    for name, events in (
        ("browse", browse(scaled(30_000, size), 5_000)),
        ("orders", orders(scaled(6_000, size), 5_000)),
    ):
        file, engine = _engine(program, folder / f"{name}.sqlite")
        gc.collect()
        gc.freeze()
        gc.disable()
        committing = 0.0
        wall, cpu = time.perf_counter(), time.process_time()
        for number, event in enumerate(events, 1):
            engine.feed(event, event.occurred_at)
            if number % BATCH == 0 or number == len(events):
                committing -= time.process_time()
                engine.commit()
                committing += time.process_time()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        gc.enable()
        append = _append(folder / f"{name}-plain.sqlite", file)
        inputs = file.seqs
        file.close()
        each = cpu / len(events) * 1e6
        yield {
            "events": name,
            "wall_events_s": round(len(events) / wall),
            "cpu_us": round(each, 1),
            "commit_us": round(committing / len(events) * 1e6, 1),
            "inputs_an_event": round(inputs / len(events), 2),
            "ratio_to_json": round(each / base, 1),
            "plain_append_us": round(append, 1),
        }


def _append(path: Path, written: SqliteFile) -> float:
    """CPU µs an input to append the same journal rows to a bare table in the same batches, durable."""
    rows = list(written.connection.execute("select seq, given, decision from journal"))
    bare = SqliteFile(path).connection
    bare.execute("create table plain(seq integer primary key, given blob, decision blob)")
    begun = time.process_time()
    for start in range(0, len(rows), BATCH):
        bare.execute("begin")
        bare.executemany("insert into plain values(?, ?, ?)", rows[start : start + BATCH])
        bare.execute("commit")
    return (time.process_time() - begun) / max(1, len(rows)) * 1e6


KINDS = {
    "other events": 10_000,
    "one event, other products": 10_000,
    "one event, other thresholds": 10_000,
    "one event, other thresholds, in vain": 10_000,
    "one event, other bands, in vain": 10_000,
    "one event, one threshold for all, in vain": 1_000,
}
"""What campaigns differ by, and how many of them are tried at most."""


def bench_rules(program: Program, size: Size, _folder: Path) -> Iterator[dict[str, object]]:
    """How `decide` grows with the campaigns: on other events; on one event, each with its product, threshold or band."""
    base = baseline()
    for kind, most in KINDS.items():
        for count in (10,) if size == "tiny" else [count for count in (10, 100, 1_000, 10_000) if count <= most]:
            begun = time.process_time()
            many = _many(program, kind, count)
            compiled = time.process_time() - begun
            events = browse(scaled(400 if "for all" in kind else 2_000, size), 200)
            cost = cpu_us(lambda many=many, events=events: _decide_all(many, events), len(events))
            yield {
                "campaigns": count,
                "on": kind,
                "decide_us": round(cost, 1),
                "ratio": round(cost / base, 1),
                "compile_s": round(compiled, 2),
            }


def _many(program: Program, kind: str, count: int) -> Program:
    """So many campaigns. A view costs 20.5: of the products one campaign matches each, of the thresholds two campaigns."""
    source, campaigns = program.campaigns["welcome"], {}
    for number in range(count):
        name, event = f"c{number:05}", f"Event {number}" if kind == "other events" else "Product Viewed"
        on = replace(source.on[0], id=f"{name}/on/0", event=event, key=None)
        campaigns[name] = replace(source, name=name, on=(on,), condition=compile_condition(_condition(kind, number)))
    return replace(program, campaigns=campaigns)


def _condition(kind: str, number: int) -> dict[str, object]:
    price = {"var": "event.properties.price"}
    if "products" in kind:
        return {"and": [{">": [price, 5]}, {"==": [{"var": "event.properties.product_id"}, str(number)]}]}
    if "bands" in kind:
        return {"and": [{">=": [price, 30 + number]}, {"<": [price, 31 + number]}]}
    if "thresholds" in kind:
        return {">": [price, 30 + number if "vain" in kind or number > 1 else number]}
    return {">": [price, 50 if "vain" in kind else 5]}


def bench_visit(program: Program, size: Size, folder: Path) -> Iterator[dict[str, object]]:
    """A round through a file of many profiles, durable: CPU µs a profile that is visited, by how many are in the segment."""
    base = baseline()
    count = {"tiny": 100, "normal": 20_000, "full": 100_000}[size]
    for share in ("everyone", "nobody", "one in ten"):
        path = folder / f"visit-{share.replace(' ', '-')}.sqlite"
        _fill(program, path, count)
        file, engine = _engine(_announcing(program, share), path)
        engine.paced = True
        engine.feed(_about_a_thing(_event(10**9, "Price Dropped", 0, {"product_id": "1"})), START)
        gc.collect()
        gc.freeze()
        gc.disable()
        begun, visited = time.process_time(), file.seqs
        while engine.cursors.busy:
            engine.visit(PAGE)
            engine.commit()
        each = (time.process_time() - begun) / count * 1e6
        gc.enable()
        yield {
            "in_the_segment": share,
            "profiles": count,
            "journalled": file.seqs - visited,
            "cpu_us": round(each, 1),
            "ratio_to_json": round(each / base, 1),
        }
        file.close()


def _about_a_thing(event: Event) -> Event:
    """The event as one about a thing."""
    return msgspec.structs.replace(event, user_id=None)


def _announcing(program: Program, share: str) -> Program:
    """One more campaign, whose condition keeps everybody out, on a broadcast to so many."""
    tenth = {"==": [{"substr": [{"var": "profile.id"}, -1]}, "7"]}
    whole = {"==": [{"var": "profile.features.orders"}, int(share == "everyone")]}
    rule = tenth if share == "one in ten" else whole
    pattern = replace(
        program.campaigns["welcome"].on[0], id="drop/on/0", event=None, key=None, broadcast="Price Dropped", to="some"
    )
    never = compile_condition({"==": [{"var": "event.properties.product_id"}, {"var": "profile.id"}]})
    drop = replace(program.campaigns["welcome"], name="drop", on=(pattern,), condition=never)
    return replace(
        program, campaigns=program.campaigns | {"drop": drop}, segments=program.segments | {"some": compile_condition(rule)}
    )


def bench_restart(program: Program, size: Size, folder: Path) -> Iterator[dict[str, object]]:
    """A file of many profiles, each with a timer: its size, and how long until the first decision after a restart."""
    for count in {"tiny": (100,), "normal": (1_000, 20_000), "full": (1_000, 20_000, 1_000_000)}[size]:
        path = folder / f"restart-{count}.sqlite"
        _fill(program, path, count)
        begun = time.perf_counter()
        file, engine = _engine(program, path)
        opened = time.perf_counter() - begun
        event = _event(10**9, "Product Viewed", count // 2, {"product_id": "1"})
        engine.partitions[0].take("u:u" + str(count // 2), event, START)
        engine.commit()
        first = time.perf_counter() - begun
        due = engine.next_due()
        timer = time.perf_counter() - begun
        file.close()
        yield {
            "profiles": count,
            "timers": count,
            "open_s": round(opened, 3),
            "first_decision_s": round(first, 3),
            "first_timer_known_s": round(timer, 3),
            "due": due is not None,
            "file_mb": round(path.stat().st_size / 1e6),
            "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        }


def _fill(program: Program, path: Path, count: int, first: int = 0) -> None:
    """Write profiles that have each made one order, with the timers that follow from it; with `first`, a journal row each."""
    file = SqliteFile(path, synchronous="OFF")
    model = _decide_all(program, orders(1, 1))["u0"]
    for start in range(0, count, 20_000):
        changes = Changes(0, START)
        for number in range(start, min(count, start + 20_000)):
            key, name = number + 1, f"u{number + first}"
            model.user_id = name
            changes.journal += [JournalRow(key, key, 0, START, b"", b"")] if first else []
            changes.records[key] = Record(key, f"u:{name}", model, seal(model), key if first else 0, START + 72 * HOUR + number)
            changes.ids[f"u:{name}"] = key
        file.keys = start + len(changes.records)
        file.seqs = file.keys if first else file.seqs
        file.commit([changes])
    file.close()


def bench_explain(program: Program, size: Size, folder: Path) -> Iterator[dict[str, object]]:
    """`explain` of one customer with the same history, in files of few and of many others; CPU of a look, and of a wrong id."""
    events = [one for pair in zip(browse(30, 1), orders(30, 1), strict=True) for one in pair]
    first = None
    for count in {"tiny": (100, 200), "normal": (1_000, 100_000), "full": (1_000, 1_000_000)}[size]:
        path = folder / f"explain-{count}.sqlite"
        _fill(program, path, count, first=1)
        file, engine = _engine(program, path)
        for event in events:
            engine.feed(msgspec.structs.replace(event, message_id=f"{event.message_id} {event.name}"), event.occurred_at)
        engine.commit()
        file.close()
        cost = cpu_us(lambda path=path: _explained(program, path, "u0"), 1)
        lost = cpu_us(lambda path=path: _explained(program, path, "v0"), 1)
        first = first or cost
        shown = {
            "profiles": count,
            "events": len(events),
            "explain_ms": round(cost / 1e3, 1),
            "unknown_id_ms": round(lost / 1e3, 1),
        }
        yield {**shown, "ratio": round(cost / first, 2)}


def _explained(program: Program, path: Path, profile: str) -> None:
    with open_reader(path) as reader:
        explain(program, reader, profile)


def bench_check(_program: Program, size: Size, folder: Path) -> Iterator[dict[str, object]]:
    """`orchestrator check` as a process of its own: the shipped campaigns, and a shop of many markets."""
    for campaigns in (14, 28) if size == "tiny" else (14, 200):
        workspace = lay_out_many(folder / f"check-{campaigns}", campaigns)
        command, walls = [sys.executable, "-m", "orchestrator", "check", str(workspace)], []
        begun, usual = _children_s(), {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        for _ in range(1 if size == "tiny" else 5):
            walls.append(-time.perf_counter())
            subprocess.run(command, check=True, capture_output=True, env=usual)
            walls[-1] += time.perf_counter()
        cpu = (_children_s() - begun) / len(walls)
        files = sum(1 for path in workspace.rglob("*") if path.is_file())
        walls.sort()
        wall = {"median_s": round(walls[len(walls) // 2], 2), "best_s": round(walls[0], 2)}
        yield {"campaigns": campaigns, "files": files, "cpu_s": round(cpu, 2), **wall}


def _children_s() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bench_diff(_program: Program, size: Size, folder: Path) -> Iterator[dict[str, object]]:
    """`orchestrator diff` as a process of its own, on every core: a cap and a wait changed, over invented and real events."""
    old, new = lay_out(folder / "diff-old"), lay_out(folder / "diff-new")
    _put(new / "campaigns/cart-reminder.yaml", "wait: 1h", "wait: 3h")
    _put(new / "policies.yaml", '"at_most": 3', '"at_most": 2')
    events, towns = {"tiny": (400, 1), "normal": (100_000, 2), "full": (1_000_000, 73)}[size]
    logs = [("a shop's year", write_shop(folder / "shop.jsonl", events))]
    logs += [("orders of CDNOW", write_orders(folder / "orders.jsonl", towns))] if size != "tiny" else []
    for name, log in logs:
        base = baseline()
        command = [sys.executable, "-m", "orchestrator", "diff", str(old), str(new), "--events", str(log), "--format", "json"]
        cpu, wall = _children_s(), time.perf_counter()
        told = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        cpu, wall = _children_s() - cpu, time.perf_counter() - wall
        inputs = told["old"]["inputs"] + told["new"]["inputs"]
        yield {
            "events": name,
            "count": told["new"]["events"],
            "customers": told["new"]["profiles"],
            "messages": sum(told[kind] for kind in ("gained", "lost", "moved", "unchanged")),
            "inputs_an_event": round(inputs / told["new"]["events"], 2),
            "cpu_us_an_event": round(cpu / told["new"]["events"] * 1e6),
            "cpu_us_an_input": round(cpu / inputs * 1e6, 1),
            "ratio_to_json_an_input": round(cpu / inputs * 1e6 / base, 1),
            "processes": told["processes"],
            "wall_s": round(wall, 1),
            "inputs_a_minute": round(inputs / wall * 60),
            "rss_mb_of_the_largest_process": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        }


def _put(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} has no {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def bench_render(_program: Program, size: Size, folder: Path) -> Iterator[dict[str, object]]:
    """A message of the shipped workspace, from what its template may read to all that is sent."""
    base = baseline()
    plain = _renderer(folder)
    tracked = Tracking(
        Links(track=True, utm={"source": "shop"}), hosts_of(plain.templates.values()), "https://go.example", _keys
    )
    for links, renderer in (("as written", plain), ("tracked", replace(plain, tracking=tracked))):
        for row in render_rows(renderer, scaled(20_000, size)):
            ratio = round(float(str(row["median_us"])) / base, 1)
            yield {**row, "links": links, "json_us": round(base, 2), "ratio": ratio}


def _keys() -> tuple[bytes, ...]:
    return (b"k" * 32,)


def bench_handoff(_program: Program, size: Size, folder: Path) -> Iterator[dict[str, object]]:
    """Messages through the SendGrid adapter to a provider on this machine, one core for us."""
    base = baseline()
    row = handoff_row(_renderer(folder), scaled(20_000, size))
    yield {**row, "json_us": round(base, 2), "ratio": round(float(str(row["cpu_us"])) / base, 1)}


def _renderer(folder: Path) -> Renderer:
    loaded = load_workspace(folder / "workspace")
    return Renderer(loaded.templates, loaded.senders)


BENCHES: dict[str, Callable[[Program, Size, Path], Iterator[dict[str, object]]]] = {
    "decide": bench_decide,
    "embedded": bench_embedded,
    "rules": bench_rules,
    "check": bench_check,
    "diff": bench_diff,
    "explain": bench_explain,
    "restart": bench_restart,
    "visit": bench_visit,
    "render": bench_render,
    "handoff": bench_handoff,
}

if __name__ == "__main__":
    main()
