"""The room operations."""
