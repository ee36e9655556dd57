"""What is free: a desk sees the proof and prints a code; with it one resident pays less, once, at a machine or a counter."""
