"""One thin shell per task: read, check, call the core, write, record."""
