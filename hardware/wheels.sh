#!/bin/sh
# wheels.sh DIR: puts every wheel of requirements-machine.lock for this Debian and architecture into DIR and checks its hash.
# pyscard is always compiled (no wheel for Linux), lgpio where there is no wheel for this Python (Debian 13). Installs
# compilers on this computer; a machine needs only DIR, by `install.sh --wheels DIR`.
set -eu
[ $# -eq 1 ] || { echo "usage: wheels.sh DIR" >&2; exit 2; }
mkdir -p "$1"
target=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."

packages="python3-venv python3-dev gcc libc6-dev pkg-config swig libpcsclite-dev"
# shellcheck disable=SC2086  # one word a package
dpkg-query -W -f='${Status}\n' $packages 2>/dev/null | grep -c '^install ok installed' | grep -qx 7 || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
pip="$work/venv/bin/python -m pip --quiet --disable-pip-version-check"
# setuptools, which builds the wheels, is locked too.
awk '/^[^ #]/ { here = /^setuptools==/ } here' requirements.lock >"$work/setuptools.lock"
$pip install --require-hashes -r "$work/setuptools.lock"
# PYPI: lgpio is built with its own C sources, as its makers build their wheels (setup.py); Debian has no liblgpio.
PYPI=1 $pip wheel --require-hashes --no-deps --no-build-isolation --wheel-dir "$target" -r requirements-machine.lock
