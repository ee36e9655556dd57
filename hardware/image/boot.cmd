# What U-Boot does: it picks the slot to start, counts a start of a trial before it is made, and starts the slot's kernel.
# layout.py puts the numbers between @ and @ in. The choice is one byte on the card, so a power cut leaves the old one or the new one:
#   A, B        this slot
#   U, V        slot a, slot b: the system in the other one was tried and did not serve
#   D G H K     slot b is on trial; three, two, one, no starts are left
#   M N P S     slot a is on trial; three, two, one, no starts are left
# All of them have an even number of one bits: one wrong bit makes none of the others, and then slot a starts, which is whole whenever this
# byte is written. firmware/update/systems.py writes the same byte. What cannot be started ends in a restart, which a trial counts.
setenv counted
if ${devtype} read ${ramdisk_addr_r} @CHOICE@ 1; then else reset; fi
if itest.b *${ramdisk_addr_r} == 0x41; then setenv slot a
elif itest.b *${ramdisk_addr_r} == 0x42; then setenv slot b
elif itest.b *${ramdisk_addr_r} == 0x55; then setenv slot a
elif itest.b *${ramdisk_addr_r} == 0x56; then setenv slot b
elif itest.b *${ramdisk_addr_r} == 0x44; then setenv slot b; setenv counted 0x47
elif itest.b *${ramdisk_addr_r} == 0x47; then setenv slot b; setenv counted 0x48
elif itest.b *${ramdisk_addr_r} == 0x48; then setenv slot b; setenv counted 0x4b
elif itest.b *${ramdisk_addr_r} == 0x4b; then setenv slot a; setenv counted 0x55
elif itest.b *${ramdisk_addr_r} == 0x4d; then setenv slot a; setenv counted 0x4e
elif itest.b *${ramdisk_addr_r} == 0x4e; then setenv slot a; setenv counted 0x50
elif itest.b *${ramdisk_addr_r} == 0x50; then setenv slot a; setenv counted 0x53
elif itest.b *${ramdisk_addr_r} == 0x53; then setenv slot b; setenv counted 0x56
else setenv slot a; fi
if test -n "${counted}"; then
    mw.b ${ramdisk_addr_r} ${counted}
    if ${devtype} write ${ramdisk_addr_r} @CHOICE@ 1; then else reset; fi
fi
if test ${slot} = b; then setenv record @RECORD_B@; setenv part @PART_B@; else setenv record @RECORD_A@; setenv part @PART_A@; fi
if ${devtype} read ${ramdisk_addr_r} ${record} @RECORD_SECTORS@; then else reset; fi
if env import -c ${ramdisk_addr_r} @RECORD_BYTES@ args; then else reset; fi
setenv bootargs "kofuki.slot=PARTUUID=@DISK_ID@-0${part} ${args}"
if load ${devtype} ${devnum}:${part} ${kernel_addr_r} /boot/vmlinuz; then else reset; fi
if load ${devtype} ${devnum}:${part} ${ramdisk_addr_r} /boot/initrd.gz; then else reset; fi
booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdt_addr}
reset
