#!/usr/bin/env bash
# Installs what tests/clients and tests/plugin need: nbgrader with the stock ngshare client, the oldest nbgrader that
# the plugin supports, two JupyterHubs, their proxy, JupyterLab, a browser, a checker of accessibility, and ngshare as a
# source of imports.
#
# Everything except the Debian packages goes into one cache directory, apart from the machine's own Python and Node.
# Safe to repeat: an environment is made again only when its requirements changed.
#
#   NBCOURIER_CACHE  where to keep it (default: $XDG_CACHE_HOME/nbcourier, else ~/.cache/nbcourier)
#   PYTHON           which Python to build with (default: python3); nbgrader itself needs 3.11 or newer
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${NBCOURIER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nbcourier}
python=${PYTHON:-python3}

say() { printf 'clients: %s\n' "$*"; }
die() { printf 'clients: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }

# Two concurrent runs would write the same directories. The second one waits, then finds everything done.
mkdir -p "$cache"
if have flock; then
    exec 9>"$cache/.lock"
    flock 9
fi

debian_packages() {
    have node || echo nodejs
    have npm || echo npm
    have "$python" || echo python3
    "$python" -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    # The font is for the screenshots. A bare machine has no font and shows boxes.
    have chromium || echo chromium fonts-dejavu-core
    have chromedriver || echo chromium-driver
    # It is driven by its own Marionette, since Debian has no geckodriver.
    have firefox-esr || echo firefox-esr
    # For tests with wrong clocks.
    compgen -G '/usr/lib/*/faketime/libfaketime.so.1' >/dev/null || echo libfaketime
}

install_debian_packages() {
    local missing
    missing=$(debian_packages | tr '\n' ' ')
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086 # A list of names.
        "$here/debian.sh" $missing
    fi
}

check_versions() {
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "nbgrader 0.9.6 needs Python 3.11 or newer; set PYTHON to one ($("$python" --version) is what $python is)"
    local node_major
    node_major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
    [ "$node_major" -ge 18 ] || die "configurable-http-proxy needs Node.js 18 or newer, this is $(node --version)"
}

# A stamp is a hash of an environment's inputs. An equal stamp means that nothing has to be done.
stamp_of() { { echo "$1"; shift; cat "$@"; } | sha256sum | cut -d ' ' -f 1; }
is_done() { [ "$(cat "$cache/$1/.stamp" 2>/dev/null)" = "$2" ]; }

# python_environment NAME REQUIREMENTS [REQUIREMENTS_WITHOUT_DEPENDENCIES]
python_environment() {
    local name=$1 stamp
    shift
    stamp=$(stamp_of "$cache $python_version" "$@")
    if is_done "$name" "$stamp"; then
        say "$name: already there"
        return
    fi
    say "$name: installing $(grep -ivc '^#' "$1") Python packages"
    rm -rf "${cache:?}/$name"
    "$python" -m venv "$cache/$name"
    local pip=("$cache/$name/bin/pip" install --quiet --disable-pip-version-check)
    "${pip[@]}" --requirement "$1"
    if [ $# -gt 1 ]; then
        "${pip[@]}" --no-deps --requirement "$2"
    fi
    echo "$stamp" >"$cache/$name/.stamp"
}

# node_environment NAME PACKAGE
node_environment() {
    local name=$1 package=$2 stamp
    stamp=$(stamp_of "$cache" "$here/$name/package.json" "$here/$name/package-lock.json")
    if is_done "$name" "$stamp"; then
        say "$name: already there"
        return
    fi
    say "$name: installing $package"
    rm -rf "${cache:?}/$name"
    mkdir -p "$cache/$name"
    cp "$here/$name/package.json" "$here/$name/package-lock.json" "$cache/$name/"
    npm ci --prefix "$cache/$name" --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
    echo "$stamp" >"$cache/$name/.stamp"
}

install_debian_packages
check_versions
python_version=$("$python" -c 'import sys; print(sys.executable, sys.version)')
python_environment clients "$here/requirements-clients.txt" "$here/requirements-exchange.txt"
python_environment nbgrader090 "$here/requirements-nbgrader090.txt"
python_environment hub6 "$here/requirements-hub6.txt"
python_environment hub5 "$here/requirements-hub5.txt"
python_environment lab "$here/requirements-lab.txt"
python_environment ngshare "$here/requirements-ngshare.txt"
node_environment proxy configurable-http-proxy
node_environment axe axe-core
say "ready in $cache"
