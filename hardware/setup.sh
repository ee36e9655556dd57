#!/bin/sh
# Installs what a developer needs on Debian 12 or Raspberry Pi OS: system packages by name, then a
# virtual environment from the hashed lock. Asks at most for the sudo password; a second run changes nothing.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}

missing=""
for package in $(sed 's/#.*//' hardware/apt-packages.txt); do
    # A Node.js that is installed already brings npm and conflicts with Debian's packages.
    case $package in
        nodejs) command -v node >/dev/null && continue ;;
        npm) command -v npm >/dev/null && continue ;;
    esac
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "These packages are missing; install them as root, then run this again:$missing" >&2; exit 1; }
        as_root="sudo -n"
        sudo -n true 2>/dev/null || as_root="sudo"
    fi
    echo "Installing:$missing"
    case "$missing " in
        *" postgresql "*)
            # Only the tests use it, each run a server of its own; Debian would start one for the whole computer, for ever.
            $as_root mkdir -p /etc/postgresql-common/createcluster.d
            echo "create_main_cluster = false" | $as_root tee /etc/postgresql-common/createcluster.d/kofuki.conf >/dev/null
            ;;
    esac
    $as_root apt-get update -qq
    # shellcheck disable=SC2086  # one word a package
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

[ -x .venv/bin/python ] || "$PYTHON" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .

# MicroPython's types, for mypy only. They have the names of CPython's own modules, so they stay out of the environment's packages.
stubs=.venv/micropython-stubs
if [ ! -e $stubs/.ready ] || [ firmware/io_board/stubs.lock -nt $stubs/.ready ]; then
    rm -rf $stubs
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target $stubs -r firmware/io_board/stubs.lock
    touch $stubs/.ready
fi

# Another project's ESC/POS parser, for a test; what finds a code in a photo, for the page that checks papers; the panel's terminal;
# MicroPython as WebAssembly, which runs the I/O board's program.
for folder in tests/golden/npos host_sim/centre/public/verify host_sim/panel/terminal host_sim/io_board; do
    installed=$folder/node_modules/.package-lock.json
    if [ ! -e $installed ] || [ $folder/package-lock.json -nt $installed ]; then
        (cd $folder && npm ci --omit=optional --ignore-scripts --no-audit --no-fund --silent)
    fi
done
