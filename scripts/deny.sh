#!/usr/bin/env bash
# Checks the crates of the program against deny.toml: their licences, their sources, and which crates are forbidden. If
# the database of advisories is available, also checks whether a crate is known to be unsound.
#
#   NBCOURIER_ADVISORIES  `required`: fail if the database is not available, as a release should
#   NBCOURIER_CACHE       see setup-checks.sh
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
database=https://github.com/RustSec/advisory-db

"$root/scripts/setup-checks.sh" deny
deny() { "$cache/deny/bin/cargo-deny" --manifest-path "$root/Cargo.toml" --log-level error "$@"; }

deny check --hide-inclusion-graph --allow duplicate licenses bans sources

if timeout 60 "$cache/deny/bin/cargo-deny" --manifest-path "$root/Cargo.toml" --log-level off fetch db 2>/dev/null; then
    deny check --disable-fetch advisories
elif [ "${NBCOURIER_ADVISORIES:-}" = required ]; then
    echo "deny: $database cannot be had, so nobody knows whether a crate has an advisory" >&2
    exit 1
else
    echo "deny: advisories were NOT checked: $database cannot be had from here"
fi
