"""The program at a card desk: the reader, the resident's pad and the line, for one order at a time. See README.md."""
