#!/usr/bin/env bash
# Measures nbcourier and ngshare 0.6.0 in the same run, then the upload codec and its limits.
# Arguments go to benches/exchange: --quick for a short run, --only SCENARIO for a part.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup-bench.sh
cargo build --release --bin nbcourier --example load
python3 benches/exchange "$@"
if [ $# -eq 0 ]; then
    cargo bench --bench codec
fi
