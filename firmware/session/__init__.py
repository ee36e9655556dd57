"""The resident's session: pure, no clock, no I/O, no logging; see README.md."""
