"""Who serves when: the ledger of promotions, blocked versions, and what serving versions read.

May import models and what lies below it.
Begin with `promotion_store.py` and `logic/succession.py`.
"""
