"""The machine: what it decides, shows and remembers; see README.md."""

VERSION = "0.1.0"  # of the program; pyproject.toml reads it from here
