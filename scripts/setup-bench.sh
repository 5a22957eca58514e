#!/usr/bin/env bash
# Installs what `make bench` measures nbcourier beside and with: ngshare 0.6.0, its unchanged client, wrk.
#
# Run it as often as you like: what is there already is left alone.
#
#   NBCOURIER_CACHE  where to keep it (default: $XDG_CACHE_HOME/nbcourier, else ~/.cache/nbcourier)
#   PYTHON           which Python to build with (default: python3); 3.11 or newer
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}

say() { printf 'bench: %s\n' "$*"; }
die() { printf 'bench: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

install_wrk() {
    local as_root=()
    if have wrk; then
        return
    fi
    have apt-get || die "please install wrk, then run this again"
    if [ "$(id -u)" != 0 ]; then
        { have sudo && sudo -n true 2>/dev/null; } || die "please run as root: apt-get install wrk"
        as_root=(sudo -n)
    fi
    say "installing the Debian package wrk"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null
}

install_wrk
# ngshare, and the client with nbgrader, are those that the tests use.
"$here/setup-clients.sh"
say "ready in $cache"
