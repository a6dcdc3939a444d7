"""The room promotion."""
