"""Signed releases in two slots, tried before they are trusted; see README.md."""
