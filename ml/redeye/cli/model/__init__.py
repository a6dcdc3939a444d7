"""Commands that measure what a model, a schedule of trainings, a gate or a guard is worth."""
