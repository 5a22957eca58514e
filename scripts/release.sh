#!/usr/bin/env bash
# Does the part of a release that needs no other machine and no account. docs/releasing.md describes the whole.
#
#   scripts/release.sh --check             compare the versions, and require a clean working tree
#   scripts/release.sh --tests-passed      the same, then build wheels, source distribution and checksums
#   scripts/release.sh --checksums DIR     write SHA256SUMS for the packages in DIR
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

fail() {
    echo "release: $*" >&2
    exit 1
}

usage() {
    sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

# Prints the first version after a line that is the name of a table or package.
version_in() {
    awk -v start="$2" '$0 == start { found = 1 } found && /^version = / { gsub(/[^0-9A-Za-z.+-]/, "", $3); print $3; exit }' "$1"
}

check_versions() {
    version=$(version_in "$root/Cargo.toml" "[workspace.package]")
    [ -n "$version" ] || fail "Cargo.toml has no version below [workspace.package]"
    local locked
    locked=$(version_in "$root/Cargo.lock" 'name = "nbcourier"')
    [ "$locked" = "$version" ] || fail "Cargo.lock has $locked and Cargo.toml has $version; run cargo check"
    # The wheel must take its version from the crate. A second one would have to be kept equal by hand.
    grep -q '^dynamic = \["version"\]' "$root/pyproject.toml" ||
        fail "pyproject.toml must have dynamic = [\"version\"], which takes the version from Cargo.toml"
    if grep -q '^version = ' "$root/pyproject.toml"; then
        fail "pyproject.toml must not have a version of its own; remove it"
    fi
    grep -q "^## ${version//./\\.} (20[0-9][0-9]-[0-9][0-9]-[0-9][0-9])\$" "$root/CHANGELOG.md" ||
        fail "CHANGELOG.md has no heading \"## $version (YYYY-MM-DD)\"; add it"
    grep -qx "version: $version" "$root/deploy/helm/nbcourier/Chart.yaml" &&
        grep -qx "appVersion: \"$version\"" "$root/deploy/helm/nbcourier/Chart.yaml" ||
        fail "deploy/helm/nbcourier/Chart.yaml must have version and appVersion $version; set both"
    [ "$(grep -c '^## Unreleased$' "$root/CHANGELOG.md")" = 1 ] ||
        fail "CHANGELOG.md must have one heading \"## Unreleased\""
}

check_tree() {
    local changed
    changed=$(git -C "$root" status --porcelain)
    [ -z "$changed" ] || fail "the working tree is not clean; commit or remove:"$'\n'"$changed"
}

write_checksums() {
    [ -d "$1" ] || fail "$1 is not a directory"
    (
        cd "$1"
        shopt -s nullglob
        packages=(nbcourier-*.whl nbcourier-*.tar.gz nbcourier_*.deb nbcourier-hub_*.deb)
        [ "${#packages[@]}" -gt 0 ] || fail "$1 holds no packages"
        sha256sum -- "${packages[@]}" >SHA256SUMS
        cat SHA256SUMS
    )
}

case "${1:-}" in
--help | -h)
    usage
    ;;
--checksums)
    [ $# -eq 2 ] || fail "--checksums needs a directory"
    write_checksums "$2"
    ;;
--check)
    check_versions
    check_tree
    echo "Version $version is ready to build."
    ;;
--tests-passed)
    check_versions
    check_tree
    out=$root/target/release-$version
    rm -rf "$out"
    NBCOURIER_WHEELS=$out "$root/scripts/wheel.sh" --release
    write_checksums "$out"
    cat <<TEXT

The packages of $version are in $out.
Left to do, as docs/releasing.md describes:
  - build the manylinux wheels for x86_64 and aarch64, and write the checksums again
  - build and push the container, and package and push the Helm chart
  - git tag --sign v$version --message "nbcourier $version" && git push origin v$version
  - upload the packages to PyPI, and attach them with SHA256SUMS to the release of the tag
TEXT
    ;;
"")
    usage
    fail "run make test on this commit first, then give --tests-passed"
    ;;
*)
    fail "unknown argument $1; see --help"
    ;;
esac
