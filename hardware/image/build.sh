#!/bin/sh
# build.sh IMAGE: makes the image of a machine's card from packages alone, and IMAGE.manifest. Needs root, on Debian, amd64 or arm64.
# What it needs is in apt-packages.txt. README.md says what is in an image.
#   WORK   folder for what is kept between runs, 3 GB (build/image)     SUITE    Debian of the image (this computer's)
#   KEY    PEM of the release key: signs manifest and system (after `make setup`)    VERSION  its name (git describe)
#   RELEASE which release of firmware/update its program is (none)
#   SYSTEM version of this system, a whole number (1)                   EXPIRES  last day to install its release (in 90 days)
# Stages: 1 unpack, 2 libraries, 3 base, 4 tree, 5 root, 6 boot, 7 data, 8 card, 9 release (with KEY). 1 to 3 are made again only when their lists changed.
set -eu
[ $# -eq 1 ] || { echo "usage: build.sh IMAGE" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "build.sh must be run by root: it makes files that belong to root" >&2; exit 1; }
umask 022
mkdir -p "$(dirname "$1")" "${WORK:=build/image}"
image=$(cd "$(dirname "$1")" && pwd)/$(basename "$1") work=$(cd "$WORK" && pwd)
cd "$(dirname "$0")/../.."
here=hardware/image
SUITE=${SUITE:-$(. /etc/os-release && echo "$VERSION_CODENAME")}
SYSTEM=${SYSTEM:-1}
VERSION=${VERSION:-$(git describe --always --dirty 2>/dev/null || echo unknown)}
unpacked=$work/unpacked tree=$work/tree
layout() { python3 $here/layout.py "$@"; }
names() { sed 's/#.*//' "$@" | tr -s ' \n' ',' | sed 's/^,//; s/,$//'; }
say() { echo "$(date +%H:%M:%S) $*"; }

changed() { # STAGE FILE...: whether the stage must be made again; `made STAGE` ends it
    stamp=$( (echo "$SUITE"; cat "$@" 2>/dev/null) | sha256sum)
    [ "$stamp" != "$(cat "$work/$1.stamp" 2>/dev/null)" ] || return 1
    rm -f "$work/$1.stamp"
    say "$1"
}

made() {
    echo "$stamp" >"$work/$1.stamp"
}

debian() { # mmdebstrap for arm64, without what nobody reads on a machine
    mmdebstrap --quiet --mode=root --architectures=arm64 --aptopt='Apt::Install-Recommends "false"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt=force-unsafe-io "$@"
}

emulation() { # arm64 programs on another computer: Debian's own rule, registered by systemd or, in a container, here
    [ "$(uname -m)" != aarch64 ] && [ ! -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || return 0
    [ -e /proc/sys/fs/binfmt_misc/register ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
    tr -d '\n' </usr/lib/binfmt.d/qemu-aarch64.conf >/proc/sys/fs/binfmt_misc/register
}

unpack() {
    changed unpack $here/unpacked.txt || return 0
    rm -rf "$unpacked"
    debian --variant=extract --components="main non-free-firmware" --include="$(names $here/unpacked.txt)" "$SUITE" "$unpacked"
    for folder in bin sbin lib; do # Debian 13's packages have only /usr/lib, those of Debian 12 both: here they are one, as on a system
        mkdir -p "$unpacked/usr/$folder"
        [ ! -d "$unpacked/$folder" ] || { cp -a "$unpacked/$folder/." "$unpacked/usr/$folder/" && rm -r "${unpacked:?}/$folder"; }
        ln -s "usr/$folder" "$unpacked/$folder"
    done
    made unpack
}

libraries() {
    changed libraries requirements-machine.lock $here/libraries.sh || return 0
    rm -rf "$work/libraries"
    sh $here/libraries.sh "$unpacked" "$work/libraries"
    made libraries
}

base() { # the only stage that runs many arm64 programs
    changed base hardware/machine-packages.txt $here/packages.txt || return 0
    rm -f "$work/base.tar"
    debian --variant=minbase --include="$(names hardware/machine-packages.txt $here/packages.txt)" \
        --extract-hook="sh $here/native.sh lend \"\$1\"" --customize-hook="sh $here/native.sh take \"\$1\"" "$SUITE" "$work/base.tar"
    made base
}

tree() { # as on any machine, by install.sh; then what only an image has
    say tree
    rm -rf "$tree"
    mkdir "$tree"
    tar --numeric-owner -xpf "$work/base.tar" -C "$tree"
    dpkg-query --admindir="$tree/var/lib/dpkg" -W -f='${Package} ${Version}\n' >"$work/packages"
    sh hardware/install.sh --root "$tree" >/dev/null
    rm -rf "$tree/opt/kofuki/hardware/pictures" "$tree/opt/kofuki/hardware/image"
    environment
    cp -R $here/files/. "$tree/"
    mkdir -p "$tree/data" "$tree/boot/firmware" "$tree/var/lib/kofuki"
    echo "$VERSION" >"$tree/etc/kofuki-image"
    [ -z "${RELEASE:-}" ] || echo "$RELEASE" >"$tree/opt/kofuki/release"
    echo kofuki >"$tree/etc/hostname"
    : >"$tree/etc/machine-id" # another one at each start: nothing of it is kept
    ln -sf /run/systemd/resolve/resolv.conf "$tree/etc/resolv.conf"
    modules
    first
    install -m 644 "$unpacked/boot/vmlinuz-$kernel" "$tree/boot/vmlinuz" # U-Boot reads both from the slot
    install -m 644 "$work/initrd.gz" "$tree/boot/initrd.gz"
    switches
}

environment() { # what install.sh makes by arm64 programs on a machine: its Python's environment, and byte code
    version=$(basename "$tree"/usr/lib/python3.*)
    venv=$tree/opt/kofuki/.venv
    mkdir -p "$venv/bin" "$venv/lib/$version"
    cp -R "$work/libraries" "$venv/lib/$version/site-packages"
    echo /opt/kofuki >"$venv/lib/$version/site-packages/kofuki.pth"
    ln -s /usr/bin/python3 "$venv/bin/python"
    printf '%s\n' "home = /usr/bin" "include-system-site-packages = false" "version = ${version#python}" >"$venv/pyvenv.cfg"
    cp requirements-machine.lock "$venv/installed.lock"
    "${PYTHON:-python3}" -m compileall -q -f --invalidation-mode unchecked-hash -s "$tree" -p / "$tree/opt/kofuki/drivers" "$tree/opt/kofuki/firmware"
}

modules() {
    kernel=$(basename "$unpacked"/lib/modules/*)
    depmod -b "$unpacked" "$kernel"
    mkdir -p "$tree/lib/modules/$kernel"
    sed 's/#.*//; s/^early//' $here/modules.txt | tr -s ' ' '\n' | sed '/^$/d' | while read -r name; do
        modprobe -d "$unpacked" -S "$kernel" --show-depends "$name" | awk '$1 == "insmod" { print $2 }'
    done | sort -u | while read -r file; do
        install -D -m 644 "$file" "$tree${file#"$unpacked"}"
    done
    cp "$unpacked/lib/modules/$kernel/modules.builtin" "$unpacked/lib/modules/$kernel/modules.builtin.modinfo" \
        "$unpacked/lib/modules/$kernel/modules.order" "$tree/lib/modules/$kernel/"
    depmod -b "$tree" "$kernel"
}

switches() { # no login, no shell, no port that listens, nothing that changes the system by itself
    systemctl --root="$tree" --quiet enable kofuki-personal.service systemd-networkd.service \
        kofuki-release.service \
        kofuki-system.service kofuki-system-good.path kofuki-system-back.path kofuki-system-over.timer
    systemctl --root="$tree" --quiet mask getty.target getty@.service serial-getty@.service console-getty.service container-getty@.service \
        autovt@.service debug-shell.service emergency.service rescue.service systemd-networkd-wait-online.service apt-daily.timer \
        apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer systemd-firstboot.service systemd-machine-id-commit.service
    chroot "$tree" usermod --shell /usr/sbin/nologin --lock root
    rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/* "$tree"/var/log/* "$tree/usr/bin/su"
}

root() { # the slot: the file system, the hashes behind it, and at the end the record
    say root
    blocks=$(layout get root_a blocks)
    rm -f "$work/root"
    # The data partition holds /etc/kofuki; what stands below it is used when there is no data partition.
    mke2fs -q -t ext4 -b 4096 -O ^has_journal -m 0 -L root -d "$tree" "$work/root" "$blocks" >/dev/null
    root_hash=$(veritysetup format --data-blocks="$blocks" --hash-offset=$((blocks * 4096)) "$work/root" "$work/root" |
        awk '/^Root hash:/ { print $3 }')
    truncate -s "$(layout get root_a size_mib)M" "$work/root"
    layout record "$root_hash" "$SYSTEM" | dd of="$work/root" bs=4096 seek="$(layout get root_a record_block)" conv=notrunc status=none
}

needs() { # FILE...: the libraries of an arm64 program, by the names that it holds
    for file in "$@"; do
        aarch64-linux-gnu-readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | while read -r name; do
            for library in "$unpacked"/lib/aarch64-linux-gnu/"$name" "$unpacked"/usr/lib/aarch64-linux-gnu/"$name"; do
                [ -e "$library" ] && echo "$library" && needs "$library" && break
            done
        done
    done
}

first() { # the first file system: busybox, veritysetup, the modules of card and verity
    folder=$work/first
    rm -rf "$folder"
    mkdir -p "$folder/bin" "$folder/proc" "$folder/sys" "$folder/dev" "$folder/root" "$folder/lib" "$folder/modules"
    install -m 755 $here/init "$folder/init"
    cp "$unpacked/bin/busybox" "$unpacked/sbin/veritysetup" "$folder/bin/"
    cp -L "$unpacked/lib/ld-linux-aarch64.so.1" "$folder/lib/"
    needs "$unpacked/sbin/veritysetup" | sort -u | while read -r library; do cp -L "$library" "$folder/lib/"; done
    sed -n 's/#.*//; s/^early *//p' $here/modules.txt | while read -r name; do
        modprobe -d "$unpacked" -S "$kernel" --show-depends "$name" | awk '$1 == "insmod" { print $2 }'
    done | awk '!seen[$0]++' | while read -r file; do
        name=$(basename "$file" .xz)
        case $file in *.xz) xz -dc "$file" ;; *) cat "$file" ;; esac >"$folder/modules/$name" # Debian 13's are compressed
        echo "$name" >>"$folder/modules/order"
    done
    (cd "$folder" && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 --quiet | gzip -9n) >"$work/initrd.gz"
}

serial_line() { # DTB: the maintenance console's UART (ttyAMA0) on the header, where Debian's trees have Bluetooth on it
    # As Raspberry Pi's overlay disable-bt does; Debian has neither overlays nor the names in its trees that they need.
    pins=/soc/gpio@7e200000/uart0_gpio14 uart=/soc/serial@7e201000 # Debian 13 has a hyphen
    fdtget -p "$1" $pins >/dev/null 2>&1 || pins=/soc/gpio@7e200000/uart0-gpio14
    fdtput -t x "$1" $pins phandle 0x7f01
    fdtput -t x "$1" $uart pinctrl-0 0x7f01
    fdtput -t s "$1" $uart status okay
    fdtput -t s "$1" /soc/serial@7e215040 status disabled
    fdtput -r "$1" $uart/bluetooth 2>/dev/null || true
    fdtput -d "$1" $uart uart-has-rtscts 2>/dev/null || true
}

boot() { # what a Pi's chip reads, and U-Boot, which starts the system of a slot
    say boot
    rm -rf "$work/boot" "$work/boot.fat"
    mkdir -p "$work/boot/kofuki/tls"
    cp "$unpacked"/usr/lib/raspi-firmware/bootcode.bin "$unpacked"/usr/lib/raspi-firmware/start*.elf \
        "$unpacked"/usr/lib/raspi-firmware/fixup*.dat "$unpacked/usr/lib/u-boot/rpi_arm64/u-boot.bin" $here/config.txt hardware/boot/kofuki.txt "$work/boot/"
    # Of Pi 3 and 4; the tree of a Pi 5 (Debian 13) has other names, and config.txt is not for it.
    cp "$unpacked"/usr/lib/linux-image-*/broadcom/bcm2711*.dtb "$unpacked"/usr/lib/linux-image-*/broadcom/bcm2837*.dtb "$work/boot/"
    for tree_file in "$work"/boot/*.dtb; do serial_line "$tree_file"; done
    layout boot_script >"$work/boot.script"
    mkimage -A arm64 -T script -C none -d "$work/boot.script" "$work/boot/boot.scr" >/dev/null
    layout environment >"$work/boot/uboot.env"
    cp $here/personal.txt "$work/boot/kofuki/README.txt"
    truncate -s "$(layout get boot size_mib)M" "$work/boot.fat"
    mkfs.vfat -F 32 -n KOFUKI "$work/boot.fat" >/dev/null
    mcopy -s -i "$work/boot.fat" "$work"/boot/* ::
}

data() { # etc: /etc/kofuki, var: /var/lib/kofuki
    say data
    rm -rf "$work/data" "$work/data.ext4"
    mkdir -p "$work/data"
    cp -a "$tree/etc/kofuki" "$work/data/etc"
    install -d -m 700 -o "$(awk -F: '$1 == "kofuki" { print $3 }' "$tree/etc/passwd")" -g "$(awk -F: '$1 == "kofuki" { print $3 }' "$tree/etc/group")" \
        "$work/data/var"
    mke2fs -q -t ext4 -m 1 -L data -d "$work/data" "$work/data.ext4" "$(layout get data size_mib)M" >/dev/null
}

card() {
    say card
    rm -f "$image"
    last=$(layout get data start_mib)
    truncate -s $((last + $(layout get data size_mib)))M "$image"
    layout partitions | sfdisk --quiet "$image"
    printf A | dd of="$image" bs=512 seek="$(layout get choice sector)" conv=notrunc status=none
    for part in boot:boot.fat root_a:root data:data.ext4; do
        dd if="$work/${part#*:}" of="$image" bs=1M seek="$(layout get "${part%:*}" start_mib)" conv=notrunc,sparse status=none
    done
    layout manifest "$image" "$root_hash" "$VERSION" <"$work/packages" >"$image.manifest"
    rm -f "$image.manifest.sig"
    [ -z "${KEY:-}" ] || openssl pkeyutl -sign -rawin -inkey "$KEY" -in "$image.manifest" -out "$image.manifest.sig"
    say "$image: $(du -m "$image" | cut -f1) MB written, $(du -sm "$tree" | cut -f1) MB of system, root hash $root_hash"
}

release() { # the same system as a signed file for the other slot of machines that run already
    rm -f "$image.system"
    [ -n "${KEY:-}" ] || return 0
    say release
    .venv/bin/python -m firmware.update system "$work/root" --expires "${EXPIRES:-$(date -d '+90 days' +%F)}" --key "$KEY" --out "$image.system"
}

missing=""
for package in $(sed 's/#.*//' $here/apt-packages.txt); do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok' || missing="$missing $package"
done
[ -z "$missing" ] || { echo "These packages are missing; install them, then run this again:$missing" >&2; exit 1; }
emulation
unpack
libraries
base
tree
root
boot
data
card
release
