#!/usr/bin/env bash
# Installs the object stores of the tests: SeaweedFS, which is strict, and rclone, which is lax. Does nothing if they are
# installed. The tests start servers of their own.
#
#   NBCOURIER_CACHE, PYTHON  see setup-checks.sh
set -euo pipefail

exec "$(dirname "${BASH_SOURCE[0]}")/setup-checks.sh" s3
