"""The reference issuing centre; see README.md."""
