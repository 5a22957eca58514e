#!/usr/bin/env bash
# Installs the named Debian packages, as root or with sudo, or says which ones somebody has to install.
#
# Nobody else may be installing meanwhile, so it waits for its like, and some minutes for the machine's own updates.
set -euo pipefail

PATIENCE_S=300

say() { printf 'debian: %s\n' "$*"; }
die() { printf 'debian: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

[ $# -gt 0 ] || die "name the packages to install"
have apt-get || die "please install what these Debian packages hold, then run this again: $*"
as_root=()
if [ "$(id -u)" != 0 ]; then
    { have sudo && sudo -n true 2>/dev/null; } || die "please run as root: apt-get install $*"
    as_root=(sudo -n)
fi

cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
mkdir -p "$cache"
if have flock; then
    exec 8>"$cache/.lock-debian"
    flock 8
fi

say "installing $*"
deadline=$((SECONDS + PATIENCE_S))
# The lists have a lock for which apt-get does not wait, unlike the one below.
until "${as_root[@]}" apt-get update -qq; do
    [ "$SECONDS" -lt "$deadline" ] || die "apt-get update has failed for $PATIENCE_S s, see above; run this again later"
    say "trying again in 5 s"
    sleep 5
done
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout="$PATIENCE_S" \
    install -y -qq --no-install-recommends "$@" >/dev/null
