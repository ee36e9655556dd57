"""Randomness from the board's seed, so that a run can be repeated. `told`: what comes first, for a test that needs it."""

import random

told = []


def urandom(count):
    return told.pop(0) if told else bytes([random.getrandbits(8) for _ in range(count)])
