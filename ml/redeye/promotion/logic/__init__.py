"""Pure logic of promotion: no I/O, no vendor client, no orchestrator."""
