#!/usr/bin/env bash
# Tests the Debian packages: builds them around the program, installs them in a Debian inside this machine, and runs the
# hub there. Arguments go to pytest. It takes root, or sudo without a password.
#
# With --names first, it tests only which names nbcourier-hub-member refuses, which takes seconds and no root.
#
#   NBCOURIER_BIN    the binary to test (default: that of cargo build)
#   NBCOURIER_CACHE  see setup-debian.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export NBCOURIER_CACHE=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
export NBCOURIER_BIN=${NBCOURIER_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/nbcourier}

if [ "${1:-}" = --names ]; then
    shift
    "$root/scripts/setup-checks.sh" deploy
    exec "$NBCOURIER_CACHE/deploy/bin/python" -m pytest "$root/tests/deb/test_member.py" "$@"
fi
if [ ! -x "$NBCOURIER_BIN" ]; then
    echo "test-deb: there is no program at $NBCOURIER_BIN; run 'cargo build' or set NBCOURIER_BIN" >&2
    exit 1
fi
"$root/scripts/setup-checks.sh" deploy
as_root=()
if [ "$(id -u)" != 0 ]; then
    as_root=(sudo -n --preserve-env=NBCOURIER_BIN,NBCOURIER_CACHE)
fi
"${as_root[@]}" "$root/scripts/in-memory.sh" "$root/scripts/setup-debian.sh"
exec "${as_root[@]}" "$root/scripts/in-memory.sh" "$NBCOURIER_CACHE/deploy/bin/python" -m pytest "$root/tests/deb" "$@"
