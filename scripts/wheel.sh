#!/usr/bin/env bash
# Builds the packages for `pip install nbcourier`: a wheel with the server's binary and the nbgrader plugin, a wheel
# with the plugin alone for every platform, and the source distribution. Arguments go to `maturin build`, for example
# "--profile dev" for a quick build.
#
#   NBCOURIER_WHEELS where to put them (default: target/wheels)
#   NBCOURIER_CACHE  where the environment with maturin is kept (default: see setup-clients.sh)
#   PYTHON           which Python to build with (default: python3)
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
python=${PYTHON:-python3}
out=${NBCOURIER_WHEELS:-$root/target/wheels}
tools="maturin==1.16.0 wheel==0.46.1"

if [ "$(cat "$cache/wheel/.stamp" 2>/dev/null)" != "$tools" ]; then
    rm -rf "${cache:?}/wheel"
    "$python" -m venv "$cache/wheel"
    # shellcheck disable=SC2086 # A list of packages.
    "$cache/wheel/bin/pip" install --quiet --disable-pip-version-check $tools
    echo "$tools" >"$cache/wheel/.stamp"
fi

mkdir -p "$out"
rm -f "$out"/nbcourier-*.whl "$out"/nbcourier-*.tar.gz
"$cache/wheel/bin/maturin" sdist --manifest-path "$root/Cargo.toml" --out "$out"
# maturin removes the program from the directory of cargo. So it gets a directory of its own, and the program of `cargo
# build` stays for others who run it. Crates are compiled in the usual directory.
target=${CARGO_TARGET_DIR:-$root/target}
CARGO_BUILD_BUILD_DIR=$target CARGO_TARGET_DIR=$target/wheel \
    "$cache/wheel/bin/maturin" build --manifest-path "$root/Cargo.toml" --out "$out" "$@"

# A wheel without the program. It holds only Python, so it fits any machine.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$cache/wheel/bin/wheel" unpack --dest "$work" "$out"/nbcourier-*.whl >/dev/null
unpacked=$(echo "$work"/nbcourier-*)
rm -r "$unpacked"/nbcourier-*.data/scripts "$unpacked"/nbcourier-*.dist-info/sboms
"$cache/wheel/bin/wheel" pack --dest-dir "$work" "$unpacked" >/dev/null
"$cache/wheel/bin/wheel" tags --remove --python-tag py3 --abi-tag none --platform-tag any "$work"/nbcourier-*.whl >/dev/null
mv "$work"/nbcourier-*-any.whl "$out"
ls "$out"/nbcourier-*
