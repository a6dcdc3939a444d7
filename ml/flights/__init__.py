"""The room flights."""
