#!/bin/sh
# native.sh lend|take TREE: lends a tree for arm64 this amd64 computer's dpkg-deb, dpkg-split, tar and rm while mmdebstrap fills it, and
# takes them back. Unpacking is most of the work, and takes many times as long in emulation. They stand in /usr/sbin, which dpkg looks
# into first and where no package has them; their libraries in a folder that arm64 has not. An arm64 computer lends nothing.
set -eu
programs="dpkg-deb dpkg-split tar rm" tree=$2
[ "$(uname -m)" = x86_64 ] || exit 0
case $1 in
    lend)
        mkdir -p "$tree/usr/sbin" "$tree/usr/lib"
        for program in $programs; do
            # The loader's home is /usr/lib, because /lib is a folder of its own at first, and /lib64 is made anew by base-files. As many
            # letters as before. If it is not found, dpkg takes the tree's own programs and says nothing: hence the try.
            LC_ALL=C sed 's|/lib64/ld-linux-x86-64.so.2|/usr/lib/////ld-x86-64.so.2|' "/usr/bin/$program" >"$tree/usr/sbin/$program"
            chmod 755 "$tree/usr/sbin/$program"
            ldd "/usr/bin/$program" | grep -o '/[^ ]*'
        done | sort -u | while read -r library; do
            target=$tree/usr/lib/x86_64-linux-gnu/$(basename "$library")
            mkdir -p "$(dirname "$target")"
            cp -L "$library" "$target"
        done
        mv "$tree/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" "$tree/usr/lib/ld-x86-64.so.2"
        for program in $programs; do chroot "$tree" "/usr/sbin/$program" --version >/dev/null; done
        ;;
    take)
        for program in $programs; do rm "$tree/usr/sbin/$program"; done
        rm -r "$tree/usr/lib/ld-x86-64.so.2" "$tree/usr/lib/x86_64-linux-gnu"
        ;;
esac
