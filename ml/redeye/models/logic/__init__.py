"""Pure logic of models: no I/O, no vendor client, no orchestrator."""
