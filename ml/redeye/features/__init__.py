"""The room features."""
