"""Accounts of operators: a file beside the state, with passwords as Argon2id hashes only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from fcntl import LOCK_EX, flock
from pathlib import Path

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from orchestrator.console.limits import ACCOUNTS_MAX, NAME_MAX_CHARS, PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS
from orchestrator.errors import StoreError, UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
_HASHER = PasswordHasher()
"""RFC 9106's second recommendation: 64 MiB, three passes, four lanes."""


class Role(StrEnum):
    """What an account may do: look, or act as well."""

    viewer = "viewer"
    operator = "operator"


class Account(msgspec.Struct, frozen=True):
    """`hashed` is the password by Argon2id, with its parameters and salt. `since`: when it was set, in milliseconds."""

    name: str
    role: Role
    hashed: str
    since: int


_decode = msgspec.json.Decoder(dict[str, Account]).decode


class Accounts:
    """The accounts of one file. A change by the command is seen at the next look."""

    def __init__(self, path: Path, hasher: PasswordHasher = _HASHER) -> None:
        self.path, self._hasher = path, hasher
        self._nobody = ""
        """A hash that no password has, made when first asked."""
        self._stamp: tuple[int, int] | None = None
        self._known: dict[str, Account] = {}

    def find(self, name: str) -> Account | None:
        """The account of that name, as the file has it now."""
        return self._read().get(name)

    def every(self) -> list[Account]:
        """All accounts, by name."""
        return sorted(self._read().values(), key=lambda one: one.name)

    def verify(self, name: str, password: str) -> Account | None:
        """The account, if this is its password. A name that nobody has takes as long."""
        account = self.find(name)
        self._nobody = self._nobody or self._hasher.hash(os.urandom(16).hex())
        try:
            self._hasher.verify(account.hashed if account is not None else self._nobody, password[:PASSWORD_MAX_CHARS])
        except (VerificationError, InvalidHashError):
            return None
        return account

    def put(self, name: str, role: Role, password: str, now: int) -> None:
        """Add an account, or give one another role and password. UsageError says what is wrong with it."""
        if not _NAME.fullmatch(name) or len(name) > NAME_MAX_CHARS:
            raise UsageError(f"{name!r}: an account's name has at most {NAME_MAX_CHARS} letters, digits and any of . _ @ -")
        if not PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS:
            raise UsageError(f"a password has {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS} characters")
        with self._changing() as known:
            if name not in known and len(known) >= ACCOUNTS_MAX:
                raise UsageError(f"{self.path}: there are {ACCOUNTS_MAX} accounts already; remove one first")
            known[name] = Account(name, role, self._hasher.hash(password), now)

    def remove(self, name: str) -> None:
        """Remove an account; its sessions end at their next request. UsageError where there is none."""
        with self._changing() as known:
            if known.pop(name, None) is None:
                raise UsageError(f"{self.path}: there is no account {name!r}")

    def _read(self) -> dict[str, Account]:
        try:
            found = self.path.stat()
            stamp = found.st_mtime_ns, found.st_ino
            if stamp != self._stamp:
                self._known, self._stamp = _decode(self.path.read_bytes()), stamp
        except FileNotFoundError:
            self._known, self._stamp = {}, None
        except (OSError, msgspec.MsgspecError) as error:
            raise StoreError(f"{self.path}: the accounts cannot be read ({error}); restore the file, or remove it") from error
        return self._known

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Account]]:
        """Change the accounts whole or not at all, one command after the other; nobody but the owner may read the file."""
        lock = self.path.with_name(f"{self.path.name}.lock")
        try:
            with lock.open("a") as held:
                flock(held, LOCK_EX)
                known = dict(self._read())
                yield known
                fresh = self.path.with_name(f"{self.path.name}.new")
                with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                    file.write(msgspec.json.format(msgspec.json.encode(known)))
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(self.path)
        except OSError as error:
            raise StoreError(f"{self.path}: cannot be written ({error.strerror})") from error


def accounts_of(state: Path) -> Accounts:
    """The accounts of the console on that state file."""
    return Accounts(state.with_name(f"{state.name}.accounts"))
