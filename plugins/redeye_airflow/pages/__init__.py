"""Redeye's pages in Airflow's UI: mounted into the api-server, behind its login, rendered on the server."""
