#!/usr/bin/env bash
# Runs suites of tests, two at a time, each to its end even if another one fails. If tests fail, repeats their messages as
# the last part of the output. Arguments are targets of the Makefile.
set -uo pipefail
cd "$(dirname "$0")/.."

# Lines of a report of failures that are repeated at most. All of it is above.
most=60

log=$(mktemp)
trap 'rm -f "$log"' EXIT
make --no-print-directory --jobs=2 --keep-going --output-sync=target "$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
[ "$status" -eq 0 ] && exit

# Reports of failures, as the runners of Rust and of Python write them.
printf '\nThese tests failed:\n'
awk -v most="$most" '
    /^failures:$/ || /^=+ (FAILURES|ERRORS) =+$/ { in_report = 1 }
    in_report && lines++ < most { print }
    in_report && lines == most { print "[...]" }
    /^test result: / || /^=* ?[0-9]+ (failed|passed|error).* in [0-9.]+s/ { in_report = 0; lines = 0 }
    /^make(\[[0-9]+\])?: \*\*\* \[/ { print }
' "$log"
exit "$status"
