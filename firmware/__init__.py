"""The machine: what it decides, shows and remembers; see README.md."""
