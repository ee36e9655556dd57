"""What MicroPython starts on the board: the loop. Without a program it ends, and MicroPython's prompt is on USB."""

import sys
import time

from loop import start

program = start(sys.stdin, sys.stdout)
while program:
    program.round()
    time.sleep_us(500)
