"""The embedded stack: supervised processes, generated secrets, databases and roles."""
