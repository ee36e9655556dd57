"""The journal: records on a medium, written before the machine acts and read back at the next start."""
