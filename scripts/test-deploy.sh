#!/usr/bin/env bash
# Tests the image, the Helm chart and the compose file in deploy/: renders the chart, builds the image around the program,
# and runs the rendered pod. Arguments go to pytest. Running containers takes root, or sudo without a password.
#
#   NBCOURIER_BIN    the binary to test (default: that of cargo build)
#   NBCOURIER_CACHE  see setup-clients.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export NBCOURIER_CACHE=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
export NBCOURIER_BIN=${NBCOURIER_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/nbcourier}

# The hub of the compose file is run by the environment with JupyterLab.
"$root/scripts/setup-clients.sh"
"$root/scripts/setup-deploy.sh"
if [ ! -x "$NBCOURIER_BIN" ]; then
    echo "test-deploy: there is no program at $NBCOURIER_BIN; run 'cargo build' or set NBCOURIER_BIN" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
    as_root=(sudo -n --preserve-env=NBCOURIER_BIN,NBCOURIER_CACHE,UPDATE_SNAPSHOT)
fi
exec "${as_root[@]}" "$root/scripts/in-memory.sh" "$NBCOURIER_CACHE/deploy/bin/python" -m pytest "$root/tests/deploy" "$@"
