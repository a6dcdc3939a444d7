#!/usr/bin/env bash
# Build both images, then run commands in what was built, as the user it runs as.
#
# With Docker where it answers, otherwise with buildah, which needs no engine. Where no registry is reachable, buildah
# gets a base of Debian's own packages instead, made by debootstrap and known under the base image's name.
#
#   BUILDER     docker or buildah                              (default: docker where it answers)
#   BASE        base image with Python 3.11                    (default: that of docker/airflow/Dockerfile)
#   TAG         of the images redeye-airflow, redeye-mlflow    (default: the git commit, in short)
#   WHEELS      folder of wheels to prefer, such as torch's    (default: PIP_FIND_LINKS if it is a folder)
#   CA_BUNDLE   authorities that the network needs             (default: SSL_CERT_FILE)
#   UV_CONFIG   a uv.toml that names an index of one's own     (default: none)
#   STORAGE     folder of buildah's images                     (default: a temporary one, deleted at the end)
#   ONLY        airflow or mlflow                              (default: both)
set -euo pipefail
cd "$(dirname "$0")/.."

BASE=${BASE:-$(sed -n 's/^ARG BASE=//p' docker/airflow/Dockerfile)}
TAG=${TAG:-$(git rev-parse --short HEAD 2>/dev/null || echo latest)}
REVISION=${REDEYE_GIT_SHA:-$(git rev-parse HEAD 2>/dev/null || echo unknown)}
WHEELS=${WHEELS-${PIP_FIND_LINKS:-}}
CA_BUNDLE=${CA_BUNDLE-${SSL_CERT_FILE:-}}
UV_CONFIG=${UV_CONFIG:-}
DEBIAN=bookworm
if [ -z "${BUILDER:-}" ]; then
    if docker info >/dev/null 2>&1; then BUILDER=docker; else BUILDER=buildah; fi
fi

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }
fail() { printf 'images: %s\n' "$*" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/redeye-images.XXXXXX")
clean() {
    rm -rf "$work"
}
trap clean EXIT

# What both builders are told.
options=(--build-arg "BASE=$BASE")
[ -z "$CA_BUNDLE" ] || options+=(--secret "id=ca,src=$CA_BUNDLE")
[ -z "$UV_CONFIG" ] || options+=(--secret "id=uv,src=$UV_CONFIG")

with_docker() {
    build_one() { DOCKER_BUILDKIT=1 docker build "${options[@]}" "$@" .; }
    enter() { container=$1; }
    leave() { :; }
    inside() {
        docker run --rm --read-only --tmpfs /tmp --tmpfs /var/lib/redeye:uid=10001 --network none \
            --entrypoint "" "$container" "$@"
    }
}

with_buildah() {
    command -v buildah >/dev/null || fail "neither docker nor buildah is there: apt-get install buildah debootstrap"
    local storage=${STORAGE:-$work/storage}
    mkdir -p "$storage"
    # vfs and chroot need nothing of the kernel, so that this runs inside a container too.
    buildah=(buildah --storage-driver=vfs --root "$storage/root" --runroot "$storage/run")
    export BUILDAH_ISOLATION=chroot
    have_base
    build_one() { "${buildah[@]}" bud --isolation=chroot --layers=false --pull=never "${options[@]}" "$@" .; }
    # The image's own user. One container for all checks: with vfs each is a copy of the whole image.
    enter() { container=$("${buildah[@]}" from --pull=never "$1"); }
    leave() { "${buildah[@]}" rm "$container" >/dev/null; }
    inside() { "${buildah[@]}" run --isolation=chroot "$container" -- "$@"; }
}

have_base() {
    "${buildah[@]}" inspect --type image "$BASE" >/dev/null 2>&1 && return
    if "${buildah[@]}" pull --quiet "$BASE" >/dev/null 2>&1; then
        say "pulled $BASE"
        return
    fi
    command -v debootstrap >/dev/null || fail "$BASE cannot be pulled, and debootstrap is not there to make one like it"
    say "$BASE cannot be pulled: making a base of Debian $DEBIAN"
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv "$DEBIAN" "$work/base" \
        >"$work/debootstrap.log" 2>&1 || { tail -5 "$work/debootstrap.log" >&2; fail "debootstrap failed"; }
    rm -rf "$work"/base/var/cache/apt/* "$work"/base/var/lib/apt/lists/*
    local container
    container=$("${buildah[@]}" from scratch)
    "${buildah[@]}" add --quiet "$container" "$work/base" / >/dev/null
    "${buildah[@]}" config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    "${buildah[@]}" commit --quiet --rm "$container" "$BASE" >/dev/null
    rm -rf "$work/base"
}

check() {
    local title=$1
    shift
    say "  $title"
    "$@" >"$work/check.log" 2>&1 || { tail -30 "$work/check.log" >&2; fail "$title: failed"; }
    sed 's/^/              /' "$work/check.log" | tail -4
}

build_airflow() {
    say "building redeye-airflow:$TAG"
    local wheels=()
    [ -z "$WHEELS" ] || [ ! -d "$WHEELS" ] || wheels=(--build-context "wheels=$WHEELS")
    build_one "${wheels[@]}" --build-arg "REDEYE_GIT_SHA=$REVISION" \
        --file docker/airflow/Dockerfile --tag "redeye-airflow:$TAG"
    enter "redeye-airflow:$TAG"
    local run=(inside /opt/redeye/docker/entrypoint.sh)
    check "it runs as a user of its own, who cannot write the code" "${run[@]}" \
        sh -c 'test "$(id -u)" = 10001 && ! touch /opt/redeye/ml/x 2>/dev/null && ! touch /opt/venv/x 2>/dev/null'
    check "it says what is in it" "${run[@]}" python -c "$LIST_SBOM"
    check "airflow version" "${run[@]}" airflow version
    check "every heavy import" "${run[@]}" python -c '
import airflow.providers.celery.executors.celery_executor, celery, duckdb, evidently, feast, great_expectations, mlflow, onnxruntime, redeye, redis, s3fs, torch, xgboost
from dbt.cli.main import dbtRunner
print("torch", torch.__version__, "xgboost", xgboost.__version__, "duckdb", duckdb.__version__)'
    check "the lakes' extensions load" "${run[@]}" python -c '
from redeye.warehouse import lake
print(sorted(row[0] for row in lake.connect().execute(
    "SELECT extension_name FROM duckdb_extensions() WHERE loaded").fetchall()))'
    check "the commands of the services are there" "${run[@]}" sh -c '
for words in "airflow celery worker" "airflow api-server" "airflow dag-processor" "airflow triggerer" "python -m redeye prepare" "python -m redeye serve"; do
    $words --help >/dev/null || { echo "$words"; exit 1; }
done
python -m redeye.stack.health_check http http://localhost:1/ && exit 1 || test $? = 1'
    check "every DAG imports" "${run[@]}" env AIRFLOW__CORE__LOAD_EXAMPLES=False \
        AIRFLOW__CORE__DAGS_FOLDER=/opt/redeye/dags AIRFLOW__CORE__PLUGINS_FOLDER=/opt/redeye/plugins \
        AIRFLOW_HOME=/tmp/airflow AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=sqlite:////tmp/airflow.db python -c '
from airflow.dag_processing.dagbag import DagBag
bag = DagBag("/opt/redeye/dags")
assert not bag.import_errors, bag.import_errors
print(len(bag.dags), "DAGs:", *sorted(bag.dags))'
    check "no index, no authority and no tool of development is left in it" "${run[@]}" sh -c '
! ls /etc/uv /run/secrets/ca /opt/bootstrap /tmp/requirements.lock 2>/dev/null | grep . \
    && ! python -c "import pytest" 2>/dev/null && ! python -c "import pip" 2>/dev/null && ! command -v gcc'
    leave
}

build_mlflow() {
    say "building redeye-mlflow:$TAG"
    build_one --file docker/mlflow/Dockerfile --tag "redeye-mlflow:$TAG"
    enter "redeye-mlflow:$TAG"
    local run=(inside /opt/mlflow/entrypoint.sh)
    check "it runs as a user of its own" "${run[@]}" sh -c 'test "$(id -u)" = 10001 && ! touch /opt/venv/x 2>/dev/null'
    check "it says what is in it" "${run[@]}" python -c "$LIST_SBOM"
    check "mlflow version" "${run[@]}" mlflow --version
    check "the server's imports" "${run[@]}" python -c '
import boto3, mlflow.server.auth.config, psycopg2, flask_wtf
from redeye.stack.servers import mlflow_login
print(mlflow_login.AUTHORISATION)'
    check "without its secrets it does not start" "${run[@]}" sh -c '! /opt/mlflow/entrypoint.sh serve 2>&1'
    leave
}

LIST_SBOM='
import json
from importlib.metadata import distributions
listed = {each["name"].lower() for each in json.load(open("/opt/venv/sbom.cdx.json"))["components"]}
missing = {each.name.lower() for each in distributions(path=["/opt/venv/lib/python3.11/site-packages"])} - listed
assert not missing, missing
print(len(listed), "packages")'
started=$SECONDS
"with_$BUILDER"
for image in airflow mlflow; do
    [ "${ONLY:-$image}" != "$image" ] || "build_$image"
done
say "done in $((SECONDS - started)) s, by $BUILDER"
