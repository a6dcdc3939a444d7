"""Running an installation: how a night and a model stand, alerts, metrics, maintenance, checked builds.

May import promotion and what lies below it.
Begin with `night_status.py` and `build_nights.py`.
"""
