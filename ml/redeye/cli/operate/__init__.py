"""Commands of the operator: gaps and repairs, champions, backups, disk, alerts, Airflow's own commands."""
