#!/usr/bin/env bash
# Runs the Rust tests that are the same for every database with servers on PostgreSQL. Arguments are names of tests.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup-postgres.sh
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(
    protocol_replay permission_matrix v1:: races limits:: uploads identity:: malformed_input holes:: people:: client::
    watching::administration watching::material figures::
    materials::
    compression checksums keeping::archive directories:: sharing::
)
# The first watches a counter that only SQLite has. The others bring places of their own, and have run before.
skipped=(--skip a_refused_change_writes_nothing_into_the_database --skip materials::secrets::a_backup --skip directories::keeping --skip sharing::keeping --skip statements:: --skip postgres:: --skip s3::)
# A test waits more for its server than it computes.
export NBCOURIER_TEST_STORE=postgres
exec scripts/in-memory.sh cargo test --workspace --test it -- --test-threads 6 "${skipped[@]}" "${suites[@]}"
