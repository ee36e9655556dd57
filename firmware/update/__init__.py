"""Signed releases in two slots, each tried before it is kept; see README.md."""
