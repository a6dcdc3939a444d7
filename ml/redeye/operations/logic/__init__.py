"""Pure logic of operations: no I/O, no vendor client, no orchestrator."""
