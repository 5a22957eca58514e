#!/usr/bin/env bash
# Measures the cost of requests in the term of a university, on SQLite and on PostgreSQL with S3, with one, two and three
# servers. Arguments go to benches/exchange/university.py: --quick for a tenth of the university.
#
#   NBCOURIER_BIN    the program to measure (default: the release build, which is made if there is none)
#   NBCOURIER_CACHE  see setup-checks.sh
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup-postgres.sh
scripts/setup-s3.sh
if [ -z "${NBCOURIER_BIN:-}" ]; then
    cargo build --release --bin nbcourier
fi
exec python3 benches/exchange/university.py "$@"
