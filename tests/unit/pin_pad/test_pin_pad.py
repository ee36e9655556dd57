"""Keys and PIN entry through the whole driver, over the matrix model in virtual time."""

import tomllib
from itertools import combinations, product
from pathlib import Path

import pytest

from drivers.errors import WrongDevice
from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.pin_pad import MatrixPinPad
from drivers.vocabulary import Key, KeyPressed, KeyStuck, PinCancelled, PinEntered, PinProgress
from host_sim.clock import VirtualClock
from host_sim.models import key_matrix
from host_sim.models.key_matrix import LAYOUT, KeyMatrix, ScannedKeys, with_phantoms


class Bench:
    def __init__(self, seed: int = 1, **quirks: object) -> None:
        self.clock = VirtualClock()
        self.matrix = KeyMatrix(**{"bounce_s": 0.025, **quirks}, seed=seed)
        self.buffer = PinBuffer()
        pins = ScannedKeys(self.matrix, self.clock.monotonic, self.clock.advance)
        self.pad = MatrixPinPad(pins, LAYOUT, self.buffer, self.clock)

    def run(self, seconds: float) -> list:
        """Poll every 5 ms for so long."""
        events, until_s = [], self.clock.monotonic() + seconds
        while self.clock.monotonic() < until_s:
            events += self.pad.poll()
            self.clock.advance(0.005)
        return events

    def tap(self, *keys: str, hold_s: float = 0.08, gap_s: float = 0.08) -> list:
        events = []
        for key in keys:
            self.matrix.press(key, self.clock.monotonic())
            events += self.run(hold_s)
            self.matrix.release(key, self.clock.monotonic())
            events += self.run(gap_s)
        return events


def digits(buffer: PinBuffer) -> bytes:
    with buffer.lend() as view:
        return bytes(view)


def test_every_key_is_reported_once_in_data_entry():
    bench = Bench()
    bench.pad.expect_keys()
    names = [name for row in LAYOUT for name in row]
    assert bench.tap(*names) == [KeyPressed(Key(name)) for name in names]


def test_keys_are_ignored_until_data_entry_begins_also_one_held_since_before():
    bench = Bench()
    assert bench.tap("5", "enter") == []
    bench.matrix.press("7", bench.clock.monotonic())
    bench.run(0.1)
    bench.pad.expect_pin(4)
    assert bench.run(0.2) == []
    assert bench.buffer.count == 0


def test_a_pin_is_counted_and_handed_over_to_the_card_driver():
    bench = Bench()
    bench.pad.expect_pin(4)
    assert bench.tap("1", "9", "enter", "4", "1") == [PinProgress(1), PinProgress(2), PinProgress(3), PinProgress(4)]
    assert bench.tap("8") == [], "a fifth digit is ignored"
    assert bench.tap("next") == [KeyPressed(Key.NEXT)], "no digit: it says the words again"
    assert bench.tap("enter") == [PinEntered()]
    assert bench.tap("6", "clear", "cancel", "language") == [], "no key may change a PIN that was handed over"
    bench.pad.expect_nothing()
    assert digits(bench.buffer) == b"1941"


@pytest.mark.parametrize("end", ["expect_keys", "expect_nothing", "expect_pin"])
def test_an_unfinished_pin_is_wiped_by_every_other_mode(end):
    bench = Bench()
    bench.pad.expect_pin(4)
    bench.tap("1", "2", "3")
    getattr(bench.pad, end)(*([4] if end == "expect_pin" else []))
    assert bench.buffer.count == 0
    assert bytes(bench.buffer._digits) == bytes(16)


def test_a_handed_over_pin_is_kept_for_one_call_only():
    bench = Bench()
    bench.pad.expect_pin(4)
    bench.tap("1", "2", "3", "4", "enter")
    bench.pad.expect_nothing()
    bench.pad.expect_nothing()
    assert bytes(bench.buffer._digits) == bytes(16)


def test_clear_begins_the_entry_again():
    bench = Bench()
    bench.pad.expect_pin(4)
    assert bench.tap("9", "9", "clear", "clear")[-1] == PinProgress(0)
    assert bench.tap("1", "2", "3", "4", "enter")[-1] == PinEntered()
    assert digits(bench.buffer) == b"1234"


def test_cancel_wipes_and_language_leaves_the_entry_alone():
    bench = Bench()
    bench.pad.expect_pin(4)
    assert bench.tap("1", "2", "language") == [PinProgress(1), PinProgress(2), KeyPressed(Key.LANGUAGE)]
    assert bench.tap("cancel", "3") == [PinCancelled()]
    assert bytes(bench.buffer._digits) == bytes(16)


def test_no_event_tells_one_digit_from_another():
    """Security rule 2: the trace of events and their times is the same for all 10,000 PINs."""

    def trace(pin: tuple[str, ...]) -> list:
        bench = Bench(bounce_s=0.0)
        bench.pad.expect_pin(4)
        events = []
        for key in (*pin, "enter"):
            bench.matrix.press(key, bench.clock.monotonic())
            for _ in range(12):
                events += [(round(bench.clock.monotonic(), 6), repr(event)) for event in bench.pad.poll()]
                bench.clock.advance(0.005)
            bench.matrix.release(key, bench.clock.monotonic())
            for _ in range(8):
                events += [(round(bench.clock.monotonic(), 6), repr(event)) for event in bench.pad.poll()]
                bench.clock.advance(0.005)
        return events

    reference = trace(("0", "0", "0", "0"))
    assert len(reference) == 5
    assert all(trace(pin) == reference for pin in product("0123456789", repeat=4))


def test_nothing_in_the_driver_remembers_which_keys_a_pin_had():
    bench = Bench()
    bench.pad.expect_pin(4)
    bench.tap("1", "9", "4", "1", "enter")
    assert not bench.pad.active
    assert not bench.pad._pin_cells
    assert not bench.pad._debouncer.busy()


@pytest.mark.parametrize("keys", list(combinations(["1", "2", "4", "5", "9"], 3)))
def test_three_keys_at_once_are_refused_as_a_whole(keys):
    bench = Bench(seed=7)
    bench.pad.expect_keys()
    for key in keys:
        bench.matrix.press(key, bench.clock.monotonic())
    events = bench.run(0.1)
    for key in keys:
        bench.matrix.release(key, bench.clock.monotonic())
    assert events + bench.run(0.1) == []
    assert bench.tap("0") == [KeyPressed(Key.D0)]


def test_the_model_shows_the_fourth_corner():
    assert with_phantoms({(0, 0), (0, 1), (1, 0)}) == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert with_phantoms({(0, 0), (0, 1), (1, 2)}) == {(0, 0), (0, 1), (1, 2)}


def test_a_stuck_key_is_named_unless_it_was_a_pin_digit():
    bench = Bench()
    bench.pad.expect_keys()
    bench.matrix.jam("7", bench.clock.monotonic())
    assert bench.run(11) == [KeyPressed(Key.D7), KeyStuck(Key.D7)]
    assert bench.tap("3") == [KeyPressed(Key.D3)], "the others still work"

    bench = Bench()
    bench.pad.expect_pin(4)
    bench.matrix.jam("7", bench.clock.monotonic())
    assert bench.run(11) == [PinProgress(1), KeyStuck(None)]
    assert bench.buffer.count == 1, "a stuck key never completes a PIN"


def test_the_pad_does_not_scan_until_a_key_is_touched():
    bench = Bench(bounce_s=0)
    bench.pad.expect_keys()
    bench.clock.at(3.0, lambda: bench.matrix.press("5", 3.0))
    assert bench.pad.wait_for_activity(2.0) is False
    assert bench.pad.wait_for_activity(60.0) is True
    assert bench.clock.monotonic() == pytest.approx(3.0, abs=0.006)
    assert bench.run(0.02) == [KeyPressed(Key.D5)]
    assert bench.pad.active


@pytest.mark.parametrize("seed", range(40))
def test_a_chattering_pad_loses_and_doubles_nothing(seed):
    bench = Bench(bounce_s=0.030, seed=seed)
    bench.pad.expect_keys()
    keys = ["1", "1", "2", "5", "5", "5", "enter"]
    assert bench.tap(*keys, hold_s=0.07, gap_s=0.075) == [KeyPressed(Key(key)) for key in keys]


@pytest.mark.parametrize(
    ("layout", "word"),
    [
        ([["1", "2", "banana"]], "banana"),
        ([["1", "1", "2"]], "twice"),
        ([["1", "2", "3"]], "lack"),
    ],
)
def test_a_layout_that_cannot_serve_is_refused_in_a_sentence(layout, word):
    with pytest.raises(WrongDevice, match=word):
        MatrixPinPad(None, layout, PinBuffer(), VirtualClock())


# --- the keypads of the zoo ---------------------------------------------------------------------

ZOO = Path(key_matrix.__file__).parent / "zoo"
KEYPADS = {
    path.stem: tables["model"]
    for path in sorted(ZOO.glob("*.toml"))
    if (tables := tomllib.loads(path.read_text(encoding="utf-8")))["device"]["kind"] == "keypad"
}


@pytest.mark.parametrize("name", KEYPADS)
@pytest.mark.parametrize("seed", range(5))
def test_a_pin_is_what_was_typed_on_every_keypad_of_the_zoo(name: str, seed: int) -> None:
    """Each digit once, the same digit twice where it was pressed twice, and no digit that nobody touched."""
    bench = Bench(seed=seed, **KEYPADS[name])
    bench.pad.expect_pin(4)
    bench.tap("7", "7", "5", "0")
    assert digits(bench.buffer) == b"7750"
    bench.pad.expect_pin(4)
    for key in ("1", "2", "4"):  # three corners: without diodes a 5 seems down
        bench.matrix.press(key, bench.clock.monotonic())
        bench.run(0.003 * seed)
    bench.run(0.2)
    bench.matrix.free_all(bench.clock.monotonic())
    bench.run(0.2)
    assert b"5" not in digits(bench.buffer)
    assert bench.buffer.count <= 1, "the first of the three may have been alone for a moment"


def test_a_key_that_sticks_in_a_pin_is_one_digit_and_is_reported_without_its_name() -> None:
    bench = Bench(**KEYPADS["keypad-key-sticks"])
    bench.pad.expect_pin(4)
    bench.tap("5", "5")
    assert bench.tap("5") == [PinProgress(3)]
    assert bench.run(11.0) == [KeyStuck(None)]
    assert bench.tap("8") == [PinProgress(4)], "the other keys still work"
    assert bench.tap("enter") == [PinEntered()]
    assert digits(bench.buffer) == b"5558"


def test_with_diodes_no_fourth_key_is_seen() -> None:
    matrix = KeyMatrix(diodes=True)
    for key in ("1", "2", "4"):
        matrix.press(key, 0.0)
    assert matrix.seen(0.0) == {(0, 0), (0, 1), (1, 0)}
