#!/usr/bin/env bash
# Builds nbcourier and starts it stand-alone on this machine, with the embedded database.
set -euo pipefail
cd "$(dirname "$0")/.."

port="${NBCOURIER_PORT:-12121}"
data="${NBCOURIER_DATA_DIR:-nbcourier-data}"
cargo build
program="${CARGO_TARGET_DIR:-target}/debug/nbcourier"
# A new exchange begins with a demonstration course, so that its pages show something.
[ -e "$data/nbcourier.db" ] || "$program" demo --data-dir "$data"

api="http://127.0.0.1:$port/api"
cat <<TEXT

The exchange is starting at $api/ and keeps its data in $data.
A stand-alone server believes the name that each caller gives. Here root is the administrator.
In another terminal, try:

  curl -d user=root --data-urlencode 'instructors=["teacher"]' $api/course/algebra
  curl -d user=teacher -d first_name=A -d last_name=B -d email= $api/student/algebra/student
  curl -d user=teacher --data-urlencode 'files=[{"path": "task.txt", "content": "MSArIDE="}]' $api/assignment/algebra/sums
  curl -d user=student --data-urlencode 'files=[{"path": "task.txt", "content": "Mg=="}]' $api/submission/algebra/sums
  curl '$api/submissions/algebra/sums?user=teacher'

or open these pages in a browser:

  $api/?user=teacher   teaches the demonstration course
  $api/?user=student   takes it
  $api/?user=root      is the administrator

Ctrl-C stops it.

TEXT
exec "$program" serve --standalone --admins root --port "$port" --data-dir "$data"
