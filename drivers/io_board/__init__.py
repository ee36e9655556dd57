"""The I/O board: what its reports mean. README.md says what is here and what is not."""
