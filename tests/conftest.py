"""Hypothesis settings for every test: no deadline, and a failure prints how to reproduce it."""

import signal

from hypothesis import HealthCheck, settings

settings.register_profile("kofuki", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kofuki")

# A shell ignores Ctrl-C for what it starts in the background, and programs that a test starts and interrupts inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
