#!/usr/bin/env bash
# Builds the Debian packages nbcourier and nbcourier-hub, in a Debian 13 inside this machine. Takes root, or sudo without a
# password. lintian then checks them, which takes some minutes, unless they are packed for tests.
#
#   NBCOURIER_BIN          a program that is built already (default: build the release)
#   NBCOURIER_DEBS         where to put them (default: target/debian)
#   NBCOURIER_DEB_PACKING  options of dpkg-deb (default: -Zxz); the tests pack quickly
#   NBCOURIER_CACHE        see setup-debian.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
out=${NBCOURIER_DEBS:-$root/target/debian}
program=${NBCOURIER_BIN:-}
if [ -z "$program" ]; then
    cargo build --manifest-path "$root/Cargo.toml" --release --locked --bin nbcourier
    program=${CARGO_TARGET_DIR:-$root/target}/release/nbcourier
fi
[ -x "$program" ] || { echo "deb: there is no program at $program" >&2; exit 1; }

as_root=()
if [ "$(id -u)" != 0 ]; then
    as_root=(sudo -n --preserve-env=NBCOURIER_BIN,NBCOURIER_DEBS,NBCOURIER_DEB_PACKING,NBCOURIER_CACHE,PYTHON)
    export NBCOURIER_BIN=$program NBCOURIER_CACHE=$cache NBCOURIER_DEBS=$out
    exec "${as_root[@]}" "${BASH_SOURCE[0]}"
fi
export NBCOURIER_CACHE=$cache
"$root/scripts/setup-debian.sh"

version=$(sed -n '/^\[workspace.package\]/,/^$/s/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
exec 8>"$cache/.lock-debian-build"
flock 8
debian=$cache/debian/build
# Thousands of files: `make deb` keeps them in memory if there is enough, as in-memory.sh decides.
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
work=$place/nbcourier-$version
mkdir -p "$work/python" "$work/program" "$out"
cp --recursive "$root/deploy/debian" "$work/debian"
cp --recursive "$root/python/nbcourier" "$root/python/install" "$work/python"
cp --recursive "$root/docs" "$root/README.md" "$root/SECURITY.md" "$root/pyproject.toml" "$work"
cp "$program" "$work/program/nbcourier"
sed --in-place -e '/^@LICENSE@$/{r /dev/stdin
d}' "$work/debian/copyright" < <(sed -e 's/^$/./' -e 's/^/ /' "$root/LICENSE")
cat >"$work/debian/changelog" <<TEXT
nbcourier ($version) $(. "$debian/etc/os-release" && echo "$VERSION_CODENAME"); urgency=medium

  * CHANGELOG.md of the sources lists the changes of this version.

 -- nbcourier contributors <contributors@nbcourier.invalid>  $(git -C "$root" log -1 --format=%cD 2>/dev/null || date -R)
TEXT
NBCOURIER_BUILD=$place "$root/scripts/in-debian.sh" "$debian" env --chdir="/build/nbcourier-$version" \
    NBCOURIER_DEB_PACKING="${NBCOURIER_DEB_PACKING:--Zxz}" debian/rules binary
if [ -z "${NBCOURIER_DEB_PACKING:-}" ]; then
    NBCOURIER_BUILD=$place "$root/scripts/in-debian.sh" "$debian" env --chdir=/build \
        sh -c 'lintian --allow-root --fail-on error,warning --tag-display-limit 0 ./*.deb'
fi
rm -f "$out"/nbcourier_*.deb "$out"/nbcourier-hub_*.deb
mv "$place"/*.deb "$out"
ls "$out"/*.deb
