"""Pure logic of monitoring: no I/O, no vendor client, no orchestrator."""
