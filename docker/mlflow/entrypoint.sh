#!/bin/sh
# `serve` runs MLflow's server behind a login; anything else is run as it stands.
set -eu
umask 077

[ "${1:-}" = serve ] || exec "$@"

: "${MLFLOW_BACKEND_STORE_URI:?the SQLAlchemy URL of the store}"
: "${MLFLOW_AUTH_ADMIN_PASSWORD:?the password of the user admin, at the first start}"
: "${MLFLOW_FLASK_SERVER_SECRET_KEY:?the key that signs sessions}"

# Users lie in the same database, in tables of their own. The file is kept in memory only (/tmp is a tmpfs).
export MLFLOW_AUTH_CONFIG_PATH=/tmp/basic_auth.ini
cat > "$MLFLOW_AUTH_CONFIG_PATH" <<INI
[mlflow]
default_permission = READ
database_uri = $(printf %s "$MLFLOW_BACKEND_STORE_URI" | sed 's/%/%%/g')
admin_username = admin
authorization_function = mlflow.server.auth:authenticate_request_basic_auth
INI

# One worker: four took 48 s to start and 3 GB, and the jobs write straight to the store.
exec mlflow server --app-name basic-auth --host 0.0.0.0 --port 5000 --workers 1 \
    --allowed-hosts "${MLFLOW_ALLOWED_HOSTS:-*}" \
    --artifacts-destination "${MLFLOW_DEFAULT_ARTIFACT_ROOT:-/var/lib/redeye/mlflow/artifacts}"
