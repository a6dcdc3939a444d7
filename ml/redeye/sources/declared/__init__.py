"""The source that `datasets:` in `redeye.yaml` declares: files, tables and iterators, cut into nights.

Its only memory is the ledger of deliveries and what has landed. Begin with `declared_source.py`.
"""
