#!/usr/bin/env bash
# Runs a command with temporary files in memory, if the machine has enough of it, and removes them afterwards:
#
#   scripts/in-memory.sh cargo test --workspace
#
# The tests make and flush hundreds of thousands of small files. On a disk they mostly wait for it. The tests of
# flushes, power cuts and full disks watch system calls or bring their own file system, so they test the same.
#
#   TMPDIR  where to put temporary files instead (default: memory, else as usual)
set -euo pipefail

# The tests of large uploads keep a few gigabytes at a time.
need_kib=$((6 * 1024 * 1024))

has_room() {
    local free_kib available_kib
    free_kib=$(df --output=avail /dev/shm 2>/dev/null | tail -n 1)
    available_kib=$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo 2>/dev/null)
    [ "$(stat --file-system --format=%T /dev/shm 2>/dev/null)" = tmpfs ] &&
        [ "${free_kib:-0}" -ge "$need_kib" ] && [ "${available_kib:-0}" -ge $((2 * need_kib)) ]
}

# Tests run programs there, which containers often forbid in this directory.
can_run() {
    printf '#!/bin/sh\nexit 0\n' >"$1/program" && chmod +x "$1/program" && "$1/program" 2>/dev/null
}

if [ -z "${TMPDIR:-}" ] && has_room && directory=$(mktemp -d /dev/shm/nbcourier.XXXXXX); then
    trap 'rm -rf "$directory"' EXIT
    # Open to others like /tmp: tests check which files below it others can read.
    chmod 755 "$directory"
    if can_run "$directory"; then
        export TMPDIR=$directory
    fi
fi
"$@"
