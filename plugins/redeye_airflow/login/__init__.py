"""Airflow with people's own accounts: who logs in by an OIDC provider, and what each role may do there."""
