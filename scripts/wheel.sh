#!/usr/bin/env bash
# Builds the wheel, which holds both the server's binary and the nbgrader plugin, and tries it in an empty environment.
# Arguments go to `maturin build`: "--profile dev" for a quick one.
#
#   NBCOURIER_CACHE  where the environment with maturin is kept (default: see setup-clients.sh)
#   PYTHON           which Python to build with (default: python3)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
python=${PYTHON:-python3}
maturin_version=1.16.0

if [ "$("$cache/wheel/bin/maturin" --version 2>/dev/null)" != "maturin $maturin_version" ]; then
    rm -rf "${cache:?}/wheel"
    "$python" -m venv "$cache/wheel"
    "$cache/wheel/bin/pip" install --quiet --disable-pip-version-check "maturin==$maturin_version"
fi

out=$root/target/wheels
rm -f "$out"/nbcourier-*.whl
"$cache/wheel/bin/maturin" build --manifest-path "$root/Cargo.toml" --out "$out" "$@"

trial=$(mktemp -d)
trap 'rm -rf "$trial"' EXIT
"$python" -m venv "$trial"
"$trial/bin/pip" install --quiet --disable-pip-version-check "$out"/nbcourier-*.whl
cd "$trial"
bin/nbcourier --version
bin/python -c 'import nbcourier; print("import nbcourier:", nbcourier.__file__.split("site-packages/")[1])'
