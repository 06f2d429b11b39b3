"""The only wiring: which store, which engine, which adapters. Each process imports what it needs of it, and no more."""

from orchestrator.bootstrap.stores import OpenStore, StoreKind, open_store

__all__ = ["OpenStore", "StoreKind", "open_store"]
