"""The machine's front in a browser; see README.md."""
