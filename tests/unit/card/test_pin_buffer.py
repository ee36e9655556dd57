"""The PIN buffer: it takes digits, lends them once, is zeros afterwards, and cannot be copied."""

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.pin_pad.entry import PinBuffer
from tests.unit.card.table import pin_of, storage_of

KEYS = st.lists(st.one_of(st.integers(0x30, 0x39), st.just(None)), max_size=40)


@given(KEYS)
def test_it_holds_the_typed_digits_less_the_deleted_ones(keys: list[int | None]) -> None:
    pin, expected = PinBuffer(16), bytearray()
    for key in keys:
        if key is None:
            pin.backspace()
            expected = expected[:-1]
        else:
            pin.push(key)
            expected = (expected + bytes([key]))[:16]
        assert pin.count == len(expected)
    with pin.lend() as digits:
        assert digits.tobytes() == expected
    assert storage_of(pin) == bytes(16)


def test_a_taken_back_digit_is_not_left_in_memory() -> None:
    pin = pin_of("12")
    pin.backspace()
    assert storage_of(pin) == b"1" + bytes(15)


def test_a_loan_ends_in_zeros_however_it_ends() -> None:
    pin, views = pin_of("1234"), []

    def break_off() -> None:
        with pin.lend() as digits:
            views.append(digits)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert storage_of(pin) == bytes(16)
    with pytest.raises(ValueError, match="released"):
        views[0].tobytes()


def test_a_wipe_during_a_loan_shows_through_it() -> None:
    pin = pin_of("1234")
    with pin.lend() as digits:
        pin.wipe()
        assert digits.tobytes() == bytes(4)


@pytest.mark.parametrize("digit", [0x2F, 0x3A, 0, 1, 255])
def test_only_ascii_digits_go_in(digit: int) -> None:
    with pytest.raises(AssertionError):
        PinBuffer().push(digit)


def test_it_shows_and_copies_nothing() -> None:
    pin = pin_of("7391")
    assert repr(pin) == str(pin) == f"{pin}" == "PinBuffer()"
    for copying in (copy.copy, copy.deepcopy, pickle.dumps, bytes, list, len):
        with pytest.raises(TypeError):
            copying(pin)
    assert not hasattr(pin, "__dict__")
