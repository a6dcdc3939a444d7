"""The room declarations."""
