#!/bin/sh
# Run a command as one of the services, with what Airflow reads from files made out of the environment.
set -eu
umask 077

# The api-server's users; their passwords come by environment and are kept in memory only (/tmp is a tmpfs).
if [ -n "${REDEYE_AIRFLOW_API_PASSWORD:-}" ] && [ -n "${AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE:-}" ]; then
    python -c '
import json, os
users = {"admin": os.environ["REDEYE_AIRFLOW_API_PASSWORD"]}
if viewer := os.environ.get("REDEYE_AIRFLOW_VIEWER_PASSWORD"):
    users["viewer"] = viewer
with open(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"], "w") as file:
    json.dump(users, file)
'
fi
exec "$@"
