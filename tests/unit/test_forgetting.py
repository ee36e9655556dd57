"""The settings by which freed memory is overwritten; that they do is shown by `tests/process/test_carving_machine.py`."""

import pytest

from firmware.forgetting import settings


@pytest.mark.parametrize("theirs", ["", "glibc.malloc.arena_max=2", "glibc.malloc.perturb=0"])
def test_what_the_environment_lacks_is_added_once_and_last(theirs: str) -> None:
    environment = {"GLIBC_TUNABLES": theirs} if theirs else {}
    lacking = settings(environment)
    assert lacking["GLIBC_TUNABLES"].startswith(theirs), "the last of two values of a tunable counts"
    assert lacking["GLIBC_TUNABLES"].endswith("glibc.malloc.perturb=90:glibc.malloc.tcache_count=0")
    assert lacking["PYTHONMALLOC"] == "malloc"
    assert settings(environment | lacking) == {}
