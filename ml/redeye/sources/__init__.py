"""What arrives: the interface of a source, landing files, the ledger of deliveries, ingesting a night.

May import audits and what lies below it.
Begin with `logic/deliveries.py`, then `ingest.py`.
"""
