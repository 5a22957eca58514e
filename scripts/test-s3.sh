#!/usr/bin/env bash
# Runs Rust tests that are the same for every place of large files with an object store: on SQLite, and on PostgreSQL.
# Arguments are names of tests. With NBCOURIER_TEST_ALL, all of them run instead of those that store large files.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup-postgres.sh
scripts/setup-s3.sh
suites=("$@")
if [ ${#suites[@]} = 0 ] && [ -z "${NBCOURIER_TEST_ALL:-}" ]; then
    suites=(races:: checksums:: compression:: uploads:: limits::refusals limits::quotas attacks::bombs
        v1::collect v1::give v1::release v1::memory v1::manifests v1::archives v1::fetch)
fi
# These bring places of their own, and have run before. The others are about the files of a data directory.
skipped=(--skip postgres:: --skip s3:: --skip replicas:: --skip keeping:: --skip data_dir::)
for store in s3 postgres+s3; do
    # The first watches a counter that only SQLite has. The others: several servers may share these places, so what a refused
    # upload has stored stays until the clean-up.
    [ "$store" = s3 ] || skipped+=(--skip a_refused_change_writes_nothing_into_the_database --skip leaves_no_bytes)
    NBCOURIER_TEST_STORE=$store scripts/in-memory.sh \
        cargo test --workspace --test it -- --test-threads 6 "${skipped[@]}" "${suites[@]}"
done
