#!/usr/bin/env bash
# Sends generated requests to every operation of the OpenAPI document, as every kind of caller. Arguments go to pytest.
#
#   NBCOURIER_BIN            the binary to test (default: that of cargo build)
#   NBCOURIER_FUZZ_EXAMPLES  number of requests per address, different ones each time (default: a few, always the same)
#   NBCOURIER_CACHE          see setup-checks.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
export NBCOURIER_BIN=${NBCOURIER_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/nbcourier}

"$root/scripts/setup-checks.sh" schemathesis
if [ ! -x "$NBCOURIER_BIN" ]; then
    echo "test-schemathesis: there is no program at $NBCOURIER_BIN; run 'cargo build' or set NBCOURIER_BIN" >&2
    exit 1
fi
exec "$root/scripts/in-memory.sh" "$cache/schemathesis/bin/python" -m pytest "$root/tests/schemathesis" "$@"
