#!/bin/sh
# Run a command as one of the services; what it writes is for its user alone.
set -eu
umask 077
exec "$@"
