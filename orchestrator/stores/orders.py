"""What operators write into a state file beside its engine, which takes it in its next turn.

It imports little: a kill switch is in a hurry.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from orchestrator.domain.input import Control
from orchestrator.errors import StoreError

TABLE = "create table if not exists orders(number integer primary key autoincrement, given blob not null)"
_WAIT_S = 10.0
"""How long the engine's own commits may keep it waiting."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Control).decode


def put_order(path: Path, control: Control) -> None:
    """Write down a switch for the engine on this file, at work or not; it stands once this returns."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None, timeout=_WAIT_S)
        connection.execute("select 1 from journal limit 1")
        connection.execute("pragma synchronous=full")
        if not has_orders(connection):
            connection.execute(TABLE)
        connection.execute("insert into orders(given) values(?)", (_encode(control),))
        connection.close()
    except sqlite3.Error as error:
        message = f"{path}: the order cannot be written ({error}); name the file given to `serve --state`, and run it again"
        raise StoreError(message) from error


def has_orders(connection: sqlite3.Connection) -> bool:
    """Whether the file has the table; earlier versions made none."""
    return connection.execute("select 1 from sqlite_master where name = 'orders'").fetchone() is not None


def orders_in(connection: sqlite3.Connection) -> list[tuple[int, Control]]:
    """The orders of a file that its engine has not taken yet, in order."""
    return [
        (number, _decode(given)) for number, given in connection.execute("select number, given from orders order by number")
    ]
