#!/usr/bin/env bash
# Tests the plugin, and sends generated requests, with the exchange on PostgreSQL and in an object store. Arguments go to
# pytest, and then only the plugin is tested.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup-postgres.sh
scripts/setup-s3.sh
cargo build --workspace --bins --example with_places
with_places=${CARGO_TARGET_DIR:-target}/debug/examples/with_places
if [ $# -gt 0 ]; then
    exec "$with_places" scripts/test-plugin.sh "$@"
fi
"$with_places" scripts/test-plugin.sh
"$with_places" scripts/test-schemathesis.sh --quiet
