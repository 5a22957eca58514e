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
python=${PYTHON:-python3}

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

# The stamp is the hash of what the environment is made of; the same stamp means nothing to do.
ngshare_environment() {
    local requirements=$here/requirements-bench.txt environment=$cache/bench stamp
    stamp=$({ "$python" -c 'import sys; print(sys.executable, sys.version)'; echo "$cache"; cat "$requirements"; } |
        sha256sum | cut -d ' ' -f 1)
    if [ "$(cat "$environment/.stamp" 2>/dev/null)" = "$stamp" ]; then
        say "ngshare: already there"
        return
    fi
    say "ngshare: installing $(grep -vc '^#' "$requirements") Python packages"
    rm -rf "${environment:?}"
    "$python" -m venv "$environment"
    "$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    echo "$stamp" >"$environment/.stamp"
}

install_wrk
# The client, with nbgrader, is the one that the client tests use.
"$here/setup-clients.sh"
mkdir -p "$cache"
if have flock; then
    exec 9>"$cache/.lock"
    flock 9
fi
ngshare_environment
say "ready in $cache"
