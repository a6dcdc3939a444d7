"""Pure logic of warehouse: no I/O, no vendor client, no orchestrator."""
