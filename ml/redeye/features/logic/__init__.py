"""What features are, without Feast and without the lake."""
