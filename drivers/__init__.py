"""Real device code. Knows nothing of sessions, threads or simulators; see README.md."""
