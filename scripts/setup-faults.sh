#!/usr/bin/env bash
# Installs what tests/faults needs besides cargo: libfaketime, for clocks that step. Does nothing when it is there.
set -euo pipefail

if compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || [ -e /usr/lib/faketime/libfaketime.so.1 ]; then
    exit
fi
die() { printf 'faults: %s\n' "$*" >&2; exit 1; }
command -v apt-get >/dev/null || die "please install libfaketime, then run this again"
as_root=()
if [ "$(id -u)" != 0 ]; then
    { command -v sudo >/dev/null && sudo -n true 2>/dev/null; } || die "please run as root: apt-get install libfaketime"
    as_root=(sudo -n)
fi
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libfaketime >/dev/null
