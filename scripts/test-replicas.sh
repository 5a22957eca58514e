#!/usr/bin/env bash
# Runs the Rust tests that are the same for any number of servers with three servers of one exchange behind a proxy, which
# gives each connection to the next one. Arguments are names of tests.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup-postgres.sh
scripts/setup-s3.sh
suites=("$@")
if [ ${#suites[@]} = 0 ]; then
    suites=(protocol_replay permission_matrix races identity::login v1:: people:: uploads directories:: materials::)
fi
# They bring servers of their own.
skipped=(--skip materials::secrets::a_backup --skip directories::keeping --skip postgres:: --skip s3::)
export NBCOURIER_TEST_STORE=postgres+s3
export NBCOURIER_TEST_REPLICAS=3
exec scripts/in-memory.sh cargo test --workspace --test it -- --test-threads 4 "${skipped[@]}" "${suites[@]}"
