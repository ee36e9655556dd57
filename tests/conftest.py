"""What holds for every test: nothing depends on how fast the computer is, and what failed says how to see it again."""

from hypothesis import HealthCheck, settings

settings.register_profile("kofuki", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kofuki")
