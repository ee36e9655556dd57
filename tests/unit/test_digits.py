"""What the tests of secrets take for a PIN or a code, and what they do not."""

import pytest

from tests.digits import stands_in


@pytest.mark.parametrize(
    "text", ["4649", "pin=4649,", "('4649', 1)", b"\x04" + b"4649" + b"\xff", "暗証4649", "x 4649"]
)
def test_digits_of_their_own_are_found(text: str | bytes) -> None:
    assert stands_in("4649", text)


@pytest.mark.parametrize("text", ["a94649e1", "146490", "k4649Q==", b"c0ffee4649", ""])
def test_digits_inside_of_a_hash_or_a_longer_number_are_chance(text: str | bytes) -> None:
    assert not stands_in("4649", text)
