"""What the kind `ranking` is made of: models that score the rows of a group, how good their order is, how shown.

Pure, as the kinds are. Begin with `scored_orders.py`.
"""
