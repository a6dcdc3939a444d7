"""The engine about itself: where it and its project lie, which version it is, what its command is called."""
