"""The servers as processes: Postgres, MLflow's login, ports, the supervisor and its watchdog.

May import what the room stack may.
Begin with `supervisor.py`.
"""
