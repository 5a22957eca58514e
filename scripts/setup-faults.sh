#!/usr/bin/env bash
# Installs what tests/faults needs besides cargo: libfaketime, for clocks that step. Does nothing when it is there.
set -euo pipefail

if compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || [ -e /usr/lib/faketime/libfaketime.so.1 ]; then
    exit
fi
exec "$(dirname "${BASH_SOURCE[0]}")/debian.sh" libfaketime
