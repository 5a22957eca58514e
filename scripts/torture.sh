#!/usr/bin/env bash
# Runs the faults of tests/faults in their long form, three at a time, and prints the table of the counts.
#
#   NBCOURIER_SEED  the seed of all random choices (default: the time), to repeat a run
#   NBCOURIER_BIN   the program to test (default: the one that cargo builds for the tests)
#
# Arguments are names of tests, to run only those. Fails if a test fails, or if a count that should be 0 is not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

export NBCOURIER_TORTURE=1
export NBCOURIER_SEED=${NBCOURIER_SEED:-$(date +%s)}
NBCOURIER_TALLY=$(mktemp)
export NBCOURIER_TALLY
trap 'rm -f "$NBCOURIER_TALLY"' EXIT

ended() {
    awk -F '\t' '
        BEGIN {
            print "| fault | rounds | writes answered | of them lost | contents compared | wrong bytes served | other 5xx | loops |"
            print "|---|---|---|---|---|---|---|---|"
        }
        {
            printf "| %s | %d | %d | %d | %d | %d | %d | %d |\n", $1, $2, $3, $5, $4, $6, $7, $8
            wrong += $5 + $6 + $7 + $8
            for (column = 2; column <= 8; column++) sum[column] += $column
        }
        END {
            printf "| **all** | %d | %d | %d | %d | %d | %d | %d |\n", sum[2], sum[3], sum[5], sum[4], sum[6], sum[7], sum[8]
            exit NR == 0 || wrong > 0
        }' "$NBCOURIER_TALLY"
}

echo "torture: NBCOURIER_SEED=$NBCOURIER_SEED repeats this run"
begun=$SECONDS
outcome=0
if [ $# -eq 0 ] || [[ " $* " == *" syncing "* ]]; then
    echo "torture: 20,000 random histories of two to four agents"
    NBCOURIER_HISTORIES=20000 cargo test --quiet --package nbcourier-sync --test histories || outcome=$?
fi
cargo test --quiet --test faults -- --nocapture --test-threads=3 "$@" || outcome=$?
echo
echo "torture: $(date -u +%F), $(nproc) cores, Linux $(uname -r), seed $NBCOURIER_SEED, $((SECONDS - begun)) seconds"
echo
ended || outcome=1
exit "$outcome"
