"""Suites of expectations: how they are written, run by Great Expectations, and shown as Data Docs.

May import declarations and foundation.
Begin with `audit.py`.
"""
