"""A key at a whole machine, with and without a flood on its maintenance line: the flood must not be felt (console rule 4)."""

import contextlib
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from host_sim.technician import opened
from host_sim.world import World

TAPS = 60
FLOOD_BYTES_PER_S = 1_000_000
PIECE_S = 0.01


def rows() -> list[tuple[str, str, str]]:
    """The key of the languages, which draws the whole idle picture anew; real processes, pseudo-terminals and pins."""
    with tempfile.TemporaryDirectory() as folder, World(Path(folder) / "world", patience_s=900.0) as world:
        world.clock.set("2026-11-24T10:00")
        world.wait_for_service()
        _taps(world, 5)
        quiet_ms = _taps(world, TAPS)
        with _flood(world) as sent:
            began_s = time.monotonic()
            loud_ms = _taps(world, TAPS)
            rate = sent[0] / (time.monotonic() - began_s) / 1e6
    return [
        (f"key to whole new picture, p99 of {TAPS}", f"{_p99(quiet_ms):.1f} ms", "-"),
        (f"the same, {rate:.2f} MB/s taken of 1 MB/s of noise", f"{_p99(loud_ms):.1f} ms", "no difference"),
        ("its median, without and with noise", f"{_median(quiet_ms):.1f}, {_median(loud_ms):.1f} ms", "no difference"),
    ]


def _taps(world: World, count: int) -> list[float]:
    """For each tap the milliseconds from the contact to the first changed pixel."""
    times_ms = []
    with world.screen_path.open("rb", buffering=0) as screen:
        for _ in range(count):
            before = _written(screen.fileno())
            began_s = time.monotonic()
            finger = threading.Thread(target=world.press, args=("language",))
            finger.start()
            while _written(screen.fileno()) == before:
                time.sleep(0.0005)
            times_ms.append((time.monotonic() - began_s) * 1000)
            finger.join()
            time.sleep(0.1)  # until the whole picture is there
    return times_ms


def _written(screen: int) -> int:
    """When rows were last written. Reading the picture itself, over and over, would take the machine its processor."""
    return os.fstat(screen).st_mtime_ns


@contextlib.contextmanager
def _flood(world: World) -> Iterator[list[int]]:
    """Random bytes at the maintenance line, as fast as it takes them, at most 1 MB/s. Gives the bytes that it took."""
    noise = random.Random(7).randbytes(int(FLOOD_BYTES_PER_S * PIECE_S)).replace(b"\0", b"\1")
    sent, ended = [0], threading.Event()

    def pour(line: int) -> None:
        os.set_blocking(line, False)
        while not ended.wait(PIECE_S):
            with contextlib.suppress(BlockingIOError):
                sent[0] += os.write(line, noise)
            with contextlib.suppress(BlockingIOError):
                os.read(line, 1 << 16)  # the echo: a terminal takes what it is sent

    with opened(world.run) as line:
        pouring = threading.Thread(target=pour, args=(line,))
        pouring.start()
        try:
            yield sent
        finally:
            ended.set()
            pouring.join()


def _p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


def _median(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]
