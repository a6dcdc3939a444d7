"""Pure logic of audits: no I/O, no vendor client, no orchestrator."""
