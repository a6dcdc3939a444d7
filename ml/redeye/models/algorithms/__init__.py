"""The algorithms: each learns from labelled rows and predicts probabilities, one file each."""
