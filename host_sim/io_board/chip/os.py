"""Randomness from the board's seed, so that a run can be repeated."""

import random


def urandom(count):
    return bytes([random.getrandbits(8) for _ in range(count)])
