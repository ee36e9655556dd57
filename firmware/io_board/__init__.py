"""The I/O board: its protocol (README.md), its program (`board/`, MicroPython) and the number of that program."""
