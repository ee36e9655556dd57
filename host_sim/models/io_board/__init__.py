"""The I/O board as firmware/io_board/README.md describes it: what its wires do, in frames.

A reading of that page of its own: it shares no code with the machine's driver, nor with the board's own program.
"""
