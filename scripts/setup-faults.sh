#!/usr/bin/env bash
# Installs what tests/faults needs besides cargo: libfaketime, for clocks that step, and strace, for system calls. Does
# nothing if they are installed.
set -euo pipefail

missing=()
if ! compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null && [ ! -e /usr/lib/faketime/libfaketime.so.1 ]; then
    missing+=(libfaketime)
fi
command -v strace >/dev/null 2>&1 || missing+=(strace)
if [ ${#missing[@]} -gt 0 ]; then
    exec "$(dirname "${BASH_SOURCE[0]}")/debian.sh" "${missing[@]}"
fi
