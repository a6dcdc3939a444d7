"""Hints of an outcome, by which a prediction knows more and stays as well calibrated as it was.

A hint is a number from a normal distribution whose mean differs by `strength` standard deviations between true labels
and false ones; what was said is updated by it with Bayes' rule.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from redeye.models.algorithms.base import Floats


def give_hint(said: Floats, labels: Floats, strength: float, noise: Floats) -> Floats:
    """Probabilities after a hint of each label; `noise` is standard normal, one per row."""
    hint = strength * (labels - 0.5) + noise
    informed: Floats = expit(logit(said) + strength * hint)
    return np.asarray(informed, dtype=np.float64)
