"""The maintenance console: what a technician types on a serial line, and what may come of it. See README.md."""
