#!/usr/bin/env bash
# Drives the plugin through the real nbgrader against the real nbcourier. Arguments go to pytest.
#
#   NBCOURIER_BIN    the binary to test with (default: target/debug/nbcourier)
#   NBCOURIER_CACHE  see setup-clients.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export NBCOURIER_CACHE=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
export NBCOURIER_BIN=${NBCOURIER_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/nbcourier}

"$root/scripts/setup-clients.sh"
if [ ! -x "$NBCOURIER_BIN" ]; then
    echo "test-plugin: there is no program at $NBCOURIER_BIN; run 'cargo build' or set NBCOURIER_BIN" >&2
    exit 1
fi
exec "$NBCOURIER_CACHE/clients/bin/python" -m pytest "$root/tests/plugin" "$@"
