"""Pure: what of declared datasets is decided by values alone."""
