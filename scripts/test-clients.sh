#!/usr/bin/env bash
# Tests nbcourier with the real nbgrader, the stock ngshare client, two real JupyterHubs, JupyterLab and a browser.
# Arguments go to pytest: "-k browser" for some of the tests, "-n 0" for all in one process.
#
#   NBCOURIER_BIN          the binary to test (default: that of cargo build)
#   NBCOURIER_CACHE        see setup-clients.sh
#   NBCOURIER_SCREENSHOTS  where to put pictures of the pages (default: pytest's temporary directory)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export NBCOURIER_CACHE=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
export NBCOURIER_BIN=${NBCOURIER_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/nbcourier}

"$root/scripts/setup-clients.sh"
if [ ! -x "$NBCOURIER_BIN" ]; then
    echo "test-clients: there is no program at $NBCOURIER_BIN; run 'cargo build' or set NBCOURIER_BIN" >&2
    exit 1
fi
exec "$root/scripts/in-memory.sh" "$NBCOURIER_CACHE/clients/bin/python" -m pytest "$root/tests/clients" "$@"
