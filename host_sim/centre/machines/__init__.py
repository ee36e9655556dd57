"""The machines of the line: whose key may speak, and what a session of theirs may owe."""
