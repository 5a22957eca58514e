#!/usr/bin/env bash
# Runs Rust tests that are the same for every place of large files with an object store: on SQLite, and on PostgreSQL.
# Arguments are names of tests.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup-postgres.sh
scripts/setup-s3.sh
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(races:: checksums:: compression:: v1::collect v1::give v1::release)
# These bring places of their own, and have run before.
skipped=(--skip postgres:: --skip s3::)
for store in s3 postgres+s3; do
    NBCOURIER_TEST_STORE=$store scripts/in-memory.sh \
        cargo test --workspace --test it -- --test-threads 6 "${skipped[@]}" "${suites[@]}"
done
