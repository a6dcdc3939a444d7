"""Pure logic of scoring: no I/O, no vendor client, no orchestrator."""
