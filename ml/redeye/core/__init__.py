"""Pure logic: time rules, specs, training, evaluation, gates. No orchestrator, no vendor client, no I/O of its own."""
