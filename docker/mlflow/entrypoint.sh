#!/bin/sh
# `serve` runs MLflow's server behind a login; anything else is run as it stands.
set -eu
umask 077

[ "${1:-}" = serve ] || exec "$@"

: "${MLFLOW_BACKEND_STORE_URI:?the SQLAlchemy URL of the store}"
: "${MLFLOW_LOGIN_DATABASE_URL:?the SQLAlchemy URL of the database of the users}"
: "${MLFLOW_ADMIN_PASSWORD:?the password of the user admin}"
: "${MLFLOW_VIEWER_PASSWORD:?the password of the user viewer, who may only look}"
: "${MLFLOW_FLASK_SERVER_SECRET_KEY:?the key that signs sessions}"

# The file holds a password and is kept in memory only: /tmp is a tmpfs.
export MLFLOW_AUTH_CONFIG_PATH=/tmp/login.ini
python - <<'PYTHON'
import os
from redeye.stack.servers import mlflow_login

url = os.environ["MLFLOW_LOGIN_DATABASE_URL"]
with open(os.environ["MLFLOW_AUTH_CONFIG_PATH"], "w") as file:
    file.write(mlflow_login.configuration(url))
users = (mlflow_login.ADMIN, mlflow_login.VIEWER)
mlflow_login.set_users(url, {name: os.environ[f"MLFLOW_{name.upper()}_PASSWORD"] for name in users})
PYTHON
unset MLFLOW_ADMIN_PASSWORD MLFLOW_VIEWER_PASSWORD MLFLOW_LOGIN_DATABASE_URL

# One worker: four took 48 s to start and 3 GB, and the tasks write straight to the store.
exec mlflow server --app-name basic-auth --host 0.0.0.0 --port 5000 --workers 1 \
    --artifacts-destination "${MLFLOW_ARTIFACTS_DESTINATION:-/var/lib/redeye/mlflow/artifacts}"
