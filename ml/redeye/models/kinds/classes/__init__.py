"""What the kind `multiclass` is made of: models that say a probability of each class, how good they are, how shown.

Pure, as the kinds are. Begin with `class_models.py`.
"""
