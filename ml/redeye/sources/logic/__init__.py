"""Pure logic of sources: no I/O, no vendor client, no orchestrator."""
