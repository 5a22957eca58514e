#!/usr/bin/env bash
# Runs a command in a Debian that is a directory of this machine, with process numbers of its own. What the command leaves
# running ends with it.
#
#   scripts/in-debian.sh DIRECTORY COMMAND...
#
#   NBCOURIER_BUILD  a directory of this machine that is /build there (default: none)
set -euo pipefail

# shellcheck disable=SC2016 # The inner shell expands it.
exec unshare --mount --pid --fork --kill-child bash -c '
    root=$1
    shift
    mount -t proc proc "$root/proc"
    mount --rbind --make-rslave /dev "$root/dev"
    if [ -n "${NBCOURIER_BUILD:-}" ]; then
        mkdir -p "$root/build"
        mount --bind "$NBCOURIER_BUILD" "$root/build"
    fi
    exec chroot "$root" env --ignore-environment HOME=/root LC_ALL=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
' in-debian "$@"
