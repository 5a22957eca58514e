#!/usr/bin/env bash
# Installs the server of PostgreSQL for the tests, which start servers of their own. Does nothing if it is installed.
set -euo pipefail

if compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || command -v postgres >/dev/null 2>&1; then
    exit 0
fi
# Debian's package would otherwise create and start a server.
if [ "$(id -u)" = 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
fi
exec "$(dirname "${BASH_SOURCE[0]}")/debian.sh" postgresql
