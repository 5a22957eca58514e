#!/usr/bin/env bash
# Installs what `make bench` needs: ngshare 0.6.0, its unchanged client, nbgitpuller, rclone, unison, and wrk.
#
# Safe to repeat: installed parts are left alone.
#
#   NBCOURIER_CACHE  where to keep it (default: $XDG_CACHE_HOME/nbcourier, else ~/.cache/nbcourier)
#   PYTHON           which Python to build with (default: python3); 3.11 or newer
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}

say() { printf 'bench: %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }

missing=()
for program in wrk unison; do
    have "$program" || missing+=("$program")
done
[ ${#missing[@]} -eq 0 ] || "$here/debian.sh" "${missing[@]}"
# ngshare and the client with nbgrader are those of the tests.
"$here/setup-clients.sh"
"$here/setup-checks.sh" nbgitpuller
# rclone is that of the object stores.
"$here/setup-s3.sh"
say "ready in $cache"
