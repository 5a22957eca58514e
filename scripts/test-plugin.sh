#!/usr/bin/env bash
# Tests the plugin through the real nbgrader against the real nbcourier: a whole course, every kind of listing, and the
# roster. Then tests its core and the page *Manage Students* through nbgrader 0.9.0. Arguments go to pytest, and then only
# the newest nbgrader is used.
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

tests=$root/tests/plugin
if [ $# -gt 0 ]; then
    exec "$root/scripts/in-memory.sh" "$NBCOURIER_CACHE/clients/bin/python" -m pytest "$tests" "$@"
fi
"$root/scripts/in-memory.sh" "$NBCOURIER_CACHE/clients/bin/python" -m pytest "$tests"
# nbgrader 0.9.0 causes deprecation warnings of Python 3.11.
"$root/scripts/in-memory.sh" "$NBCOURIER_CACHE/nbgrader090/bin/python" -m pytest --disable-warnings -k "not ngshare" \
    "$tests/test_cycle.py" "$tests/test_list.py" "$tests/test_roster.py" \
    "$tests/test_jupyter_extension.py::test_the_page_shows_what_the_exchange_says"
