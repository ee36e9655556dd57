"""A finger on a keypad, as a process of its own: in the interpreter of the machine each would wait for the other."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Self

from gpiozero import Device

from drivers.pin_pad.entry import PinBuffer
from drivers.pin_pad.matrix import MatrixPins
from drivers.pin_pad.pin_pad import KeyMatrixPins, MatrixPinPad
from drivers.screen.framebuffer import FileSink, FramebufferScreen
from drivers.vocabulary import PinProgress
from firmware.desks.keypad import PIN_DIGITS, KeypadDesk
from firmware.screens import render
from firmware.session.effects import SetKeypad
from firmware.session.scenes import EnterPin
from firmware.session.states import KeypadMode
from host_sim.adapters.fingers import Fingers
from host_sim.adapters.pins import COLUMNS, ROWS, SimFactory
from host_sim.models.key_matrix import LAYOUT, KeyMatrix

TAPS = 120
LOST_S = 2.0  # a key that has not come by then was lost
WEARY_S = 0.004  # the longest that a contact chatters

Move = Callable[[str], object]  # of a key
Keys = AbstractContextManager[tuple[Move, Move]]  # how they are pressed, and let go


@dataclass
class Typed:
    """What typing at a pad took: contact to written rows, sorted, and the processor's share of one core meanwhile."""

    times_ms: list[float]
    share: float


class Finger:
    """Taps the digits one after the other, each at another moment; the next one when the last was seen on the panel.

    `keys` is called in the finger's process; when the block begins, they are there.
    """

    def __init__(self, keys: Callable[[str], Keys], place: str) -> None:
        spawning = multiprocessing.get_context("spawn")
        self._line, there = spawning.Pipe()
        self._over = spawning.Event()
        self._process = spawning.Process(target=_tap, args=(keys, place, there, self._over), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._line.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()  # it waits for this, because the keys are its
        self._process.join()

    def begin(self) -> None:
        self._line.send("begin")

    @property
    def taps(self) -> bool:
        """Whether a key is yet to come up."""
        return self._process.is_alive() and not self._over.is_set()

    def saw(self) -> float:
        """The digit is on the panel. When its key was touched, on the clock of all processes."""
        pressed_s = self._line.recv()
        self._line.send("seen")
        return float(pressed_s)


def _tap(keys: Callable[[str], Keys], place: str, line: Connection, over: Event) -> None:
    with suppress(EOFError), keys(place) as (press, release):
        line.send("ready")
        line.recv()
        for tap in range(TAPS):
            time.sleep(0.06 + 0.0013 * (tap % 7))  # until the last key is up for the pad, too
            pressed_s = time.monotonic()
            press(str(tap % 10))
            line.send(pressed_s)
            if line.poll(LOST_S):
                line.recv()
            time.sleep(0.03)
            release(str(tap % 10))
        over.set()
        line.recv()


def typed_at(finger: Finger, pins: KeyMatrixPins) -> Typed:
    """Time from the closing of a chattering contact to the written rows: keypad desk, drawing and panel, without the loop."""
    buffer = PinBuffer()
    desk = KeypadDesk(MatrixPinPad(pins, LAYOUT, buffer, time), buffer)
    desk.start()
    times_ms = []
    with tempfile.TemporaryDirectory() as folder:
        sink = FileSink(Path(folder) / "screen.raw")
        screen = FramebufferScreen(sink)
        screen.show(render(EnterPin(count=0, tries_left=3)))
        desk.handle(SetKeypad(KeypadMode.PIN))
        cpu_s, begun_s = time.process_time(), time.monotonic()
        finger.begin()
        while finger.taps:
            for event in desk.poll():
                if isinstance(event, PinProgress):
                    screen.show(render(EnterPin(count=event.count, tries_left=3)))
                    shown_s = time.monotonic()
                    times_ms.append((shown_s - finger.saw()) * 1000)
                    if event.count == PIN_DIGITS:
                        desk.handle(SetKeypad(KeypadMode.PIN))
            time.sleep(desk.poll_every_s())
        share = (time.process_time() - cpu_s) / (time.monotonic() - begun_s)
        sink.close()
    times_ms.sort()
    assert len(times_ms) == TAPS, "a key was lost or doubled"
    return Typed(times_ms, share)


def typed_on_pins() -> Typed:
    """On the computer's own pins, by gpiozero's; the contacts chatter in the simulated pins' own thread."""
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "keys")
        os.environ["KOFUKI_SIM_KEYS"] = place
        Device.pin_factory = board = SimFactory(KeyMatrix(bounce_s=WEARY_S, seed=1))
        pins = MatrixPins(ROWS, COLUMNS)
        try:
            with Finger(_on_pins, place) as finger:
                return typed_at(finger, pins)
        finally:
            pins.close()
            board.close()
            Device.pin_factory = None
            del os.environ["KOFUKI_SIM_KEYS"]


@contextmanager
def _on_pins(place: str) -> Iterator[tuple[Move, Move]]:
    with Fingers(Path(place)) as fingers:
        yield fingers.press, fingers.release
