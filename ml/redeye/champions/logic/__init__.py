"""Pure logic of champions: no I/O, no vendor client, no orchestrator."""
