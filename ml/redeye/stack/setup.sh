#!/usr/bin/env bash
# Make .venv with exactly what requirements-dev.lock names. Called by make, which knows when it is needed.
set -euo pipefail

fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

is_python311() {
    "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1
}

has_venv() {
    "$1" -c 'import ensurepip, venv' >/dev/null 2>&1
}

# Some systems call it python3 only.
if [ "$PYTHON" = python3.11 ] && ! is_python311 python3.11 && is_python311 python3; then
    PYTHON=python3
fi

install_with_apt() {
    # Not for a PYTHON that was chosen by hand.
    if [[ "$PYTHON" == python3* ]] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        printf 'setup: installing python3.11-venv with apt-get\n'
        apt-get update -qq && apt-get install -y -qq python3.11 python3.11-venv >/dev/null && PYTHON=python3.11
    fi
}

make_venv() {
    if ! is_python311 "$PYTHON" || ! has_venv "$PYTHON"; then
        install_with_apt || fail "apt-get could not install python3.11-venv; install it by hand and try again"
    fi
    is_python311 "$PYTHON" || fail "no Python 3.11 as '$PYTHON': apt-get install python3.11-venv, or set PYTHON=/path/to/python3.11"
    has_venv "$PYTHON" || fail "the venv module of $PYTHON is missing: apt-get install python3.11-venv"
    "$PYTHON" -m venv "$1"
}

if [ ! -x "$VENV/bin/python" ]; then
    printf 'setup: making %s\n' "$VENV"
    make_venv "$VENV"
fi
uv="$BOOTSTRAP/bin/uv"
wanted=$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements-bootstrap.lock)
if [ "$("$uv" --version 2>/dev/null | cut -d' ' -f2)" != "$wanted" ]; then
    make_venv "$BOOTSTRAP"
    "$BOOTSTRAP/bin/python" -m pip install --quiet --require-hashes -r requirements-bootstrap.lock
fi
[ "${1:-}" != "--uv-only" ] || exit 0
printf 'setup: installing requirements-dev.lock (a few minutes the first time)\n'
"$uv" pip sync --quiet --compile-bytecode --python "$VENV/bin/python" requirements-dev.lock
"$uv" pip check --quiet --python "$VENV/bin/python"
