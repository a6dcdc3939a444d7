"""The room studies."""
