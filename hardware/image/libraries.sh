#!/bin/sh
# libraries.sh SYSROOT DIR: installs every wheel of requirements-machine.lock for arm64 into DIR, as it stands on a machine, and checks
# its hash. What has no wheel (pyscard, and lgpio for Debian 13's Python) is compiled here for arm64 with the headers of SYSROOT,
# Debian's packages for arm64 unpacked.
# Needs the Python version of that Debian: its own sysconfig, read from SYSROOT, names compiler and file names, and its byte code is
# the same on every processor. So nothing of this runs in emulation.
set -eu
[ $# -eq 2 ] || { echo "usage: libraries.sh SYSROOT DIR" >&2; exit 2; }
mkdir -p "$2"
sysroot=$(cd "$1" && pwd) target=$(cd "$2" && pwd)
cd "$(dirname "$0")/../.."
PYTHON=${PYTHON:-python3}

version=$("$PYTHON" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')
[ -d "$sysroot/usr/include/python$version" ] || {
    echo "The image's Debian has another Python than $version, which is here: set PYTHON, or SUITE to this computer's Debian." >&2
    exit 1
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$PYTHON" -m venv "$work/venv"
pip="$work/venv/bin/python -m pip --quiet --disable-pip-version-check"
awk '/^[^ #]/ { here = /^setuptools==/ } here' requirements.lock >"$work/setuptools.lock"
$pip install --require-hashes -r "$work/setuptools.lock"

# The lines that an arm64 machine needs; those without a wheel for it are compiled.
sed "s/ *; *platform_machine == 'aarch64'//" requirements-machine.lock >"$work/all.lock"
lines() { # NAME|NAME: these packages' lines of the lock
    awk -v names="^($1)==" '/^[^ #]/ { here = $0 ~ names } here' "$work/all.lock"
}
others() { # NAME|NAME: the other lines
    awk -v names="^($1)==" '/^[^ #]/ { here = $0 !~ names } here' "$work/all.lock"
}
platforms=""
for glibc in 17 24 26 27 28 31 34 35 36; do platforms="--platform manylinux_2_${glibc}_aarch64 $platforms"; done
install() { # WORDS...: into DIR, for arm64
    # shellcheck disable=SC2086  # one word a platform
    $pip install --no-deps --no-compile --only-binary :all: --python-version "$version" $platforms --platform manylinux2014_aarch64 \
        --platform linux_aarch64 --target "$target" "$@"
}
lines lgpio >"$work/lgpio.lock"
compiled=pyscard
install --dry-run --require-hashes -r "$work/lgpio.lock" 2>/dev/null || compiled="pyscard|lgpio" # of Debian 13's Python there is no wheel
lines "$compiled" >"$work/compiled.lock"
others "$compiled" >"$work/ready.lock"
install --require-hashes -r "$work/ready.lock"

mkdir "$work/config"
cp "$sysroot/usr/lib/python$version/_sysconfigdata__aarch64-linux-gnu.py" "$work/config/"
headers="-I$sysroot/usr/include/python$version -I$sysroot/usr/include -I$sysroot/usr/include/PCSC"
PYTHONPATH="$work/config" _PYTHON_SYSCONFIGDATA_NAME=_sysconfigdata__aarch64-linux-gnu _PYTHON_HOST_PLATFORM=linux-aarch64 \
    CC=aarch64-linux-gnu-gcc CFLAGS="$headers" PKG_CONFIG_SYSROOT_DIR="$sysroot" \
    PKG_CONFIG_LIBDIR="$sysroot/usr/lib/aarch64-linux-gnu/pkgconfig" \
    PYPI=1 $pip wheel --require-hashes --no-deps --no-build-isolation --no-cache-dir --no-binary pyscard,lgpio --wheel-dir "$work/wheels" -r "$work/compiled.lock"
install "$work"/wheels/*.whl
"$PYTHON" -m compileall -q -f --invalidation-mode unchecked-hash -s "$target" -p "/opt/kofuki/.venv/lib/python$version/site-packages" "$target"
