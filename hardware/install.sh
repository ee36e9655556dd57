#!/bin/sh
# Makes a machine of a Raspberry Pi with Debian 12 or 13 or Raspberry Pi OS: installs packages, program, user and system files, and
# sets who may read what. Never asks; a second run changes only what differs.
#
#   sudo sh hardware/install.sh [--wheels DIR]   DIR: made by wheels.sh; without it wheels.sh runs here, and its packages are purged
#   sudo sh hardware/install.sh --root TREE      installs program and system files into TREE, a system that is not running
set -eu
root="" wheels="" stopped=""
while [ $# -gt 0 ]; do
    case $1 in
        --root) root=$(cd "$2" && pwd); shift 2 ;;
        --wheels) wheels=$(cd "$2" && pwd); shift 2 ;;
        *) echo "usage: install.sh [--wheels DIR | --root TREE]" >&2; exit 2 ;;
    esac
done
[ "$(id -u)" -eq 0 ] || { echo "install.sh must be run by root: sudo sh hardware/install.sh" >&2; exit 1; }
umask 022
cd "$(dirname "$0")/.."
source=$(pwd)

packages() {
    names=$(sed 's/#.*//' hardware/machine-packages.txt)
    # shellcheck disable=SC2086  # one word a package
    [ "$(dpkg-query -W -f='${Status}\n' $names 2>/dev/null | grep -c '^install ok installed')" -ne "$(echo "$names" | wc -w)" ] || return 0
    apt-get update -qq
    # shellcheck disable=SC2086  # one word a package
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $names >/dev/null
}

stop_service() { # a machine that runs ends its session first (up to 90 s); it is started again at the end
    [ -z "$root" ] && [ -d /run/systemd/system ] && systemctl --quiet is-active kofuki.service || return 0
    echo "The machine stops while it is installed; a resident is served to the end first."
    systemctl stop kofuki.service
    stopped=yes
}

program() { # the files of the repository, without tests and simulator
    [ "$source" != "$root/opt/kofuki" ] || return 0
    # Copied whole beside the old program, which runs meanwhile and stays if anything fails here; then the service is stopped, because
    # Python still reads files of a program that runs, and each part is exchanged by two renames.
    new="$root/opt/kofuki/.new" old="$root/opt/kofuki/.old"
    rm -rf "$new" "$old"
    mkdir -p "$new" "$old"
    cp -R drivers firmware hardware pyproject.toml requirements.lock requirements-machine.lock LICENSE "$new/"
    find "$new" -name __pycache__ -prune -exec rm -rf {} +
    chown -R 0:0 "$new"
    chmod -R u=rwX,go=rX "$new"
    sync
    stop_service
    for path in "$new"/*; do
        part=$(basename "$path")
        [ ! -e "$root/opt/kofuki/$part" ] || mv "$root/opt/kofuki/$part" "$old/"
        mv "$path" "$root/opt/kofuki/"
    done
    chown 0:0 "$root/opt/kofuki"
    chmod u=rwx,go=rx "$root/opt/kofuki"
    rm -rf "$new" "$old"
}

bytecode() { # FOLDER...: compiled here, because the service may write no file there and would compile at every start
    # Unchecked: an image often has other file times than the tree it was made of, and then Python takes none of the files that
    # it checks. A line changed by hand counts only after install.sh has run again.
    /opt/kofuki/.venv/bin/python -m compileall -q -f --invalidation-mode unchecked-hash "$@"
}

libraries() {
    # Nothing to do if this lock is installed for this Python; an upgrade of Debian brings another Python.
    installed=/opt/kofuki/.venv/installed.lock
    cmp -s requirements-machine.lock $installed && /opt/kofuki/.venv/bin/python -c 'import numpy, smartcard' 2>/dev/null && return 0
    stop_service
    rm -rf /opt/kofuki/.venv
    if [ -z "$wheels" ]; then
        wheels=$(mktemp -d)
        before=$(dpkg-query -W -f='${Package}\n')
        made=yes
        sh hardware/wheels.sh "$wheels" || made=no
        added=$(dpkg-query -W -f='${Package}\n' | grep -vxF "$before" || true)
        # shellcheck disable=SC2086
        [ -z "$added" ] || DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq $added >/dev/null
        [ $made = yes ] || { echo "wheels.sh failed, so the libraries are not installed: read the message above, then run install.sh again" >&2; exit 1; }
    fi
    python3 -m venv /opt/kofuki/.venv
    # wheels.sh checked the hashes; a wheel that it compiled has no hash in the lock.
    sed -e '/^ /d' -e 's/ *\\$//' requirements-machine.lock >/opt/kofuki/.venv/names
    /opt/kofuki/.venv/bin/python -m pip --quiet --disable-pip-version-check install --no-compile --no-index --no-deps --find-links "$wheels" -r /opt/kofuki/.venv/names
    for packages in /opt/kofuki/.venv/lib/python3.*/site-packages; do
        echo /opt/kofuki >"$packages/kofuki.pth"
    done
    bytecode /opt/kofuki/.venv/lib
    cp requirements-machine.lock $installed
}

put() { # FILE FOLDER [NAME]
    install -D -o 0 -g 0 -m 644 "hardware/$1" "$root$2/${3:-$(basename "$1")}"
}

voices() { # what the loudspeaker says; kept while the texts are the same. A machine serves without them, so a failure ends nothing here
    .venv/bin/python -m firmware.voice check --out voices >/dev/null 2>&1 && return 0
    sh hardware/voices.sh voices >/dev/null ||
        echo "The voices could not be made, so the machine is silent: run sudo sh hardware/voices.sh /opt/kofuki/voices" >&2
}

system_files() {
    put systemd/kofuki.service /etc/systemd/system
    put systemd/50-kofuki-watchdog.conf /etc/systemd/system.conf.d
    put systemd/50-kofuki-logind.conf /etc/systemd/logind.conf.d
    put sysusers.d/kofuki.conf /etc/sysusers.d
    put modules-load.d/kofuki.conf /etc/modules-load.d
    put sysctl.d/50-kofuki.conf /etc/sysctl.d
    put udev/70-kofuki-usb.rules /etc/udev/rules.d
    put udev/80-kofuki.rules /etc/udev/rules.d
    put udev/99-kofuki-probing.rules /etc/udev/rules.d
    put polkit/50-kofuki-pcscd.rules /etc/polkit-1/rules.d
    put swap/50-kofuki.conf /etc/rpi/swap.conf.d
    systemd-sysusers --root="$root/" kofuki.conf
}

secrets() { # root writes, the service reads, nobody else
    group=$(awk -F: '$1 == "kofuki" { print $3 }' "$root/etc/group")
    install -d -o 0 -g "$group" -m 750 "$root/etc/kofuki" "$root/etc/kofuki/tls"
    [ -e "$root/etc/kofuki/unit.toml" ] || printf '%s\n' \
        '# This machine: the keys that differ from the file below; hardware/README.md explains them.' \
        'extends = "/opt/kofuki/hardware/units/store.toml"' >"$root/etc/kofuki/unit.toml"
    find "$root/etc/kofuki" -type f -exec chown "0:$group" {} + -exec chmod 640 {} +
}

switches() {
    systemctl --root="$root/" --quiet enable kofuki.service pcscd.socket systemd-timesyncd.service
    # No login on the screen or on the console's line, no restart from a keyboard; no swap (in Raspberry Pi OS 12 a file on the card).
    systemctl --root="$root/" --quiet mask getty@tty1.service serial-getty@ttyAMA0.service serial-getty@ttyS0.service \
        ctrl-alt-del.target dphys-swapfile.service
}

boot() { # the boot partition of a Pi: config.txt includes our file, the kernel's command line gets our parameters
    folder="$root/boot/firmware"
    [ -e "$folder/config.txt" ] || return 0
    cp hardware/boot/kofuki.txt "$folder/kofuki.txt"
    grep -qx 'include kofuki.txt' "$folder/config.txt" || printf '\n[all]\ninclude kofuki.txt\n' >>"$folder/config.txt"
    ours=$(cat hardware/boot/cmdline.txt)
    theirs=$(tr -s ' \n' '\n\n' <"$folder/cmdline.txt" | grep -v '^console=' | grep -vxF "$(echo "$ours" | tr ' ' '\n')" | paste -sd' ')
    echo "$theirs $ours" >"$folder/cmdline.txt.new"
    mv "$folder/cmdline.txt.new" "$folder/cmdline.txt"
}

[ -n "$root" ] || packages
program
[ -n "$root" ] || libraries
[ -n "$root" ] || bytecode /opt/kofuki/drivers /opt/kofuki/firmware
[ -n "$root" ] || (cd /opt/kofuki && voices)
system_files
secrets
switches
boot
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    udevadm control --reload
    udevadm trigger
    systemctl restart systemd-modules-load.service systemd-sysctl.service
    [ -z "$stopped" ] || systemctl start kofuki.service
fi
echo "Installed. Now put certificates and key into $root/etc/kofuki/tls, make accounts with"
echo "    /opt/kofuki/.venv/bin/python -m firmware.console --users /etc/kofuki/console-users.toml passwd NAME --role technician"
echo "edit $root/etc/kofuki/unit.toml, run install.sh again and restart the board."
