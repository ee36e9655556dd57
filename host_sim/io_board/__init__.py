"""The I/O board on this computer; README.md."""
