"""The lake, dbt over it, the lineage of its columns, and the releases that everything else reads.

May import sources and what lies below it.
Begin with `build.py`, then `release_store.py`.
"""
