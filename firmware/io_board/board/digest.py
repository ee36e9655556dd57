"""SHA-256 of the program: zeros here, because only whoever builds a program knows it and then replaces this file (../program.py)."""

PROGRAM = bytes(32)
