"""What the records mean: kinds and fields, the book that follows from them, recovery and the four-way match. Pure."""
