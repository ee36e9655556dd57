"""Whether the machine serves the next resident; see README.md."""
