"""The room warehouse."""
