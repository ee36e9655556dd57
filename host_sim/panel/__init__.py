"""The front panel: the machine's front as a page in a browser; see README.md."""
