"""Two workspaces over the same recorded events: who gains, loses or moves which message."""
