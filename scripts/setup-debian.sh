#!/usr/bin/env bash
# Makes two Debians for the packages, below $NBCOURIER_CACHE/debian: `machine`, a minimal Debian 13 with what the packages
# depend on, for tests; and `build`, which also has the tools that build packages, and the environment of people's servers
# in /opt/nbcourier-hub. Safe to repeat: a part is made again only when its inputs changed. Takes root.
#
# dpkg flushes each file, so the Debians are made in TMPDIR, which in-memory.sh may have put in memory.
#
#   NBCOURIER_CACHE  where to keep them (default: $XDG_CACHE_HOME/nbcourier, else ~/.cache/nbcourier)
#   PYTHON           which Python downloads packages (default: python3); 3.11 or newer
set -euo pipefail

RELEASE=trixie
# What the packages depend on, and what any Debian has beside the minimal one.
MACHINE="jupyterhub node-configurable-http-proxy sudo adduser openssl git ca-certificates python3 passwd hostname libstdc++6
systemd"
TOOLS="debhelper dpkg-dev lintian python3-venv"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
python=${PYTHON:-python3}
place=$cache/debian
requirements=$here/requirements-hub-debian.txt

say() { printf 'debian: %s\n' "$*"; }
die() { printf 'debian: %s\n' "$*" >&2; exit 1; }
stamp_of() { { echo "$*"; } | sha256sum | cut -d ' ' -f 1; }
is_done() { [ "$(cat "$place/$1.stamp" 2>/dev/null)" = "$2" ]; }
# Runs a command in one of the Debians.
inside() { "$here/in-debian.sh" "$@"; }

[ "$(id -u)" = 0 ] || die "a Debian inside this machine takes root; run this as root"
command -v debootstrap >/dev/null 2>&1 || "$here/debian.sh" debootstrap
mkdir -p "$place"
if command -v flock >/dev/null 2>&1; then
    exec 9>"$cache/.lock-debian-machines"
    flock 9
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The names and the proxies of this machine hold in the other one as well.
borrow_network() {
    cp --dereference /etc/resolv.conf "$1/etc/resolv.conf"
    apt-config dump | grep '^Acquire::' >"$1/etc/apt/apt.conf.d/00host" || true
}

# Nothing starts a service there while packages are installed.
install_packages() {
    local root=$1
    shift
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    inside "$root" apt-get update -qq
    # shellcheck disable=SC2086 # A list of packages.
    inside "$root" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends $* >"$place/install.log" 2>&1 ||
        { cat "$place/install.log" >&2; die "apt-get has failed"; }
    inside "$root" apt-get clean
    rm "$root/usr/sbin/policy-rc.d"
}

machine=$(stamp_of "$RELEASE $MACHINE")
if ! is_done machine "$machine"; then
    say "making a Debian for tests"
    rm -rf "${place:?}/machine" "${place:?}/machine.stamp"
    debootstrap --variant=minbase "$RELEASE" "$work/machine" >"$place/install.log" 2>&1 ||
        { tail -n 20 "$place/install.log" >&2; die "debootstrap has failed"; }
    borrow_network "$work/machine"
    install_packages "$work/machine" "$MACHINE"
    mv "$work/machine" "$place/machine"
    echo "$machine" >"$place/machine.stamp"
fi

build=$(stamp_of "$machine $TOOLS")
if ! is_done build "$build"; then
    say "making a Debian that builds packages"
    rm -rf "${place:?}/build" "$place/build.stamp" "$place/environment.stamp"
    cp --archive "$place/machine" "$work/build"
    borrow_network "$work/build"
    install_packages "$work/build" "$TOOLS"
    mv "$work/build" "$place/build"
    echo "$build" >"$place/build.stamp"
fi

# Python packages are downloaded by this machine's pip with its settings, and installed without a network.
environment=$(stamp_of "$build $(cat "$requirements" "${BASH_SOURCE[0]}")")
if ! is_done environment "$environment"; then
    say "installing $(grep -c == "$requirements") Python packages for people's servers"
    rm -rf "$place/wheels" "$place/build/wheels" "$place/build/opt/nbcourier-hub" "$place/environment.stamp"
    platforms=()
    for version in 2014 _2_17 _2_24 _2_28 _2_34 _2_39; do
        platforms+=(--platform "manylinux${version}_$(uname -m)")
    done
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --implementation cp --python-version 3.13 --abi cp313 --abi abi3 --abi none "${platforms[@]}" \
        --requirement "$requirements" --dest "$place/build/wheels"
    cp "$requirements" "$place/build/wheels/requirements.txt"
    inside "$place/build" python3 -m venv /opt/nbcourier-hub
    inside "$place/build" /opt/nbcourier-hub/bin/pip install --quiet --disable-pip-version-check --no-index --no-deps \
        --no-compile --find-links /wheels --require-hashes --requirement /wheels/requirements.txt
    inside "$place/build" /opt/nbcourier-hub/bin/pip check --disable-pip-version-check
    # Times of files change on their way through a package, so they must not count.
    inside "$place/build" python3 -m compileall -q --invalidation-mode unchecked-hash /opt/nbcourier-hub/lib \
        >/dev/null 2>&1 || true
    # People add packages with `pip install --user`, and the operator adds Debian's, for example python3-pandas.
    sed -i 's/^include-system-site-packages = .*/include-system-site-packages = true/' \
        "$place/build/opt/nbcourier-hub/pyvenv.cfg"
    rm -rf "$place/build/wheels"
    echo "$environment" >"$place/environment.stamp"
fi
