"""The room champions."""
