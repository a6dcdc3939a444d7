"""Commands to run an installation: start, stop, look, first nights, more nights."""
