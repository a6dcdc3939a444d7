"""Pure logic of studies: no I/O, no vendor client, no orchestrator."""
