#!/usr/bin/env bash
# Installs the named Debian packages, as root or with sudo. Without these rights, it names the missing packages.
#
# Only one installation can run at a time. So it waits for other runs of itself, and some minutes for system updates.
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
# The package lists have a lock of their own. apt-get does not wait for it, unlike for the lock below.
until "${as_root[@]}" apt-get update -qq; do
    [ "$SECONDS" -lt "$deadline" ] || die "apt-get update has failed for $PATIENCE_S s, see above; run this again later"
    say "trying again in 5 s"
    sleep 5
done
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout="$PATIENCE_S" \
    install -y -qq --no-install-recommends "$@" >/dev/null
