"""Pure logic of review: no I/O, no vendor client, no orchestrator."""
