"""Hypothesis settings for every test: no deadline, and a failure prints how to reproduce it."""

from hypothesis import HealthCheck, settings

settings.register_profile("kofuki", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kofuki")
