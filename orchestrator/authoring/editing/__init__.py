"""JSON Schemas for editors, made from a workspace: completion offers its own events, templates, stages, traits and features."""

from orchestrator.authoring.editing.lines import FOLDER, with_line
from orchestrator.authoring.editing.written import renew, write_schemas

__all__ = ["FOLDER", "renew", "with_line", "write_schemas"]
