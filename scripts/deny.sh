#!/usr/bin/env bash
# Holds the crates that the program is made of against deny.toml: their licences, where they come from, and which may not
# be among them; then, where the database of advisories can be had, whether any of them is known to be unsound.
#
#   NBCOURIER_ADVISORIES  `required`: a database that cannot be had is a failure, as it should be for a release
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
