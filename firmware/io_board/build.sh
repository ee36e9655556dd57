#!/bin/sh
# Builds build/io-board.uf2 and its .sha256: MicroPython of Debian 13 for the Pico with the board's program frozen in. `make io-board` runs it.
# It needs a Debian with apt and the programs named below; the sources come from Debian's archive, signed by Debian, and sources.sha256
# pins them. Nothing of the computer's own apt is changed. Takes some minutes, and 500 MB in build/.
set -eu
cd "$(dirname "$0")/../.."
here=$PWD/firmware/io_board
work=$PWD/build/io-board
python=${PYTHON:-python3}

for program in arm-none-eabi-gcc cmake make gcc apt-get dpkg-deb; do
    command -v "$program" >/dev/null || {
        echo "$program is missing. Install, as root: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib cmake make gcc" >&2
        exit 1
    }
done

# An apt of its own that reads Debian 13 only.
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/fetched"
signed="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
for kind in deb deb-src; do
    echo "$kind $signed ${DEBIAN:-http://deb.debian.org/debian} trixie main"
done >"$work/sources.list"
cat >"$work/apt.conf" <<END
Dir::Etc::sourcelist "$work/sources.list";
Dir::Etc::sourceparts "/nonexistent";
Dir::State::lists "$work/lists";
Dir::Cache "$work/cache";
APT::Sandbox::User "$(id -un)";
END
cd "$work/fetched"
if ! sha256sum --status --check "$here/sources.sha256" 2>/dev/null; then
    echo "Fetching the sources of MicroPython, Pico SDK, TinyUSB and Mbed TLS"
    APT_CONFIG=$work/apt.conf apt-get update -qq
    APT_CONFIG=$work/apt.conf apt-get source -qq --download-only micropython mbedtls >/dev/null
    APT_CONFIG=$work/apt.conf apt-get download -qq pico-sdk-source tinyusb-source
    sha256sum --quiet --check "$here/sources.sha256" || {
        echo "Debian 13 has other sources than sources.sha256 says. Look at what changed, try the board with it, and then write the new sums there." >&2
        exit 1
    }
fi

# MicroPython with the libraries where its build looks for them.
tree=$work/micropython
rm -rf "$tree" "$work/program" "$work/made"
mkdir -p "$tree" "$work/program"
tar xf micropython_*.orig.tar.xz -C "$tree" --strip-components=1
for package in pico-sdk tinyusb; do
    dpkg-deb --fsys-tarfile "$package"-source_*.deb | tar x -C "$work" "./usr/src/$package"
    rm -rf "$tree/lib/$package"
    mv "$work/usr/src/$package" "$tree/lib/$package"
done
mkdir -p "$tree/lib/mbedtls"
tar xf mbedtls_*.orig.tar.bz2 -C "$tree/lib/mbedtls" --strip-components=1
mkdir -p "$tree/lib/micropython-lib"
touch "$tree/lib/micropython-lib/README.md" # its build looks for this file of a library that the board does not use

# The program, with its number.
cp "$here"/board/*.py "$work/program"
cd "$here/../.."
"$python" -m firmware.io_board.program >"$work/program/digest.py"
printf 'freeze("$(PORT_DIR)/modules", "rp2.py")\nfreeze("$(PORT_DIR)/modules", "_boot.py")\nfreeze("%s")\n' "$work/program" >"$work/manifest.py"

make -s -C "$tree/mpy-cross" >"$work/log" 2>&1 &&
    cmake -S "$tree/ports/rp2" -B "$work/made" -DMICROPY_BOARD=RPI_PICO -DMICROPY_FROZEN_MANIFEST="$work/manifest.py" \
        -DPICO_NO_PICOTOOL=1 -DPICO_SDK_PATH="$tree/lib/pico-sdk" -DCMAKE_BUILD_TYPE=MinSizeRel >>"$work/log" 2>&1 &&
    cmake --build "$work/made" --parallel "$(nproc)" >>"$work/log" 2>&1 || {
    echo "The build failed; the end of $work/log:" >&2
    tail -n 20 "$work/log" >&2
    exit 1
}
# 0x10000000: where the chip sees its flash; RP2040: the family that its loader takes (both: RP2040 datasheet, 2.6.3 and 2.8.3.1)
"$python" "$tree/tools/uf2conv.py" --base 0x10000000 --family RP2040 --convert --output build/io-board.uf2 "$work/made/firmware.bin" >/dev/null
(cd build && sha256sum io-board.uf2 >io-board.uf2.sha256)
# As `update board` will look at both.
"$python" -c "
from pathlib import Path
from drivers.io_board.image import Image
from firmware.io_board import program
Image(Path('build/io-board.uf2'), Path(), program.digest()).check()"
echo "build/io-board.uf2 $(wc -c <build/io-board.uf2) bytes, program $("$python" -m firmware.io_board.program --hex)"
