"""Coins: the books after 200,000 coins on bad wires, the parser's fuzz in full, latency and host load.

`python -m tests.bench` prints `rows()`. The suite runs the same functions with smaller counts.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from drivers.coin.acceptor import Acceptor
from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import MAX_FRAME, Checksum, Frame, Parser, crc_ccitt, encode
from drivers.screen.framebuffer import FileSink, FramebufferScreen
from drivers.serial_stream import SerialStream
from drivers.vocabulary import CoinCredited
from firmware.book import records
from firmware.journal.disk import FileDisk
from firmware.journal.journal import Journal
from firmware.screens import render as draw_scene
from firmware.session import scenes as show
from host_sim.adapters.pty import PtyLine, serve
from host_sim.adapters.wire import WIRES
from host_sim.models.acceptor import ROLL_S
from host_sim.rig.cards import rig_cards
from host_sim.rig.machine import RigMachine
from host_sim.rig.people import Person
from tests.bench.coin_world import ALL_YEN, VALUES, Machine, play

COINS = 200_000
FRAMES = 1_000_000
POLL_S = 0.2


@dataclass
class Fuzzed:
    frames: int = 0
    lost: int = 0  # good frames that were not found
    invented: int = 0  # frames the parser reported although the bytes do not contain them
    longest_held: int = 0


def fuzz_parser(frames: int, seed: int) -> Fuzzed:
    """Feed good frames, broken frames and noise in pieces of every size; more than 50 ms of silence after each group."""
    dice = random.Random(seed)
    result = Fuzzed()
    while result.frames < frames:
        checksum = dice.choice(list(Checksum))
        good, wire = _group(dice, checksum)
        parser, heard, at_s, begin = Parser(checksum), [], 0.0, 0
        while begin < len(wire):
            size = dice.choice([1, 2, 5, 16, 64, 300])
            heard += parser.feed(wire[begin : begin + size], at_s)
            result.longest_held = max(result.longest_held, len(parser._held))
            begin += size
            at_s += dice.choice([0.0, 0.001, 0.049])
        heard += parser.give_up()
        result.frames += 5
        result.lost += good is not None and good not in heard
        result.invented += sum(encode(frame, checksum) not in wire for frame in heard)
        assert result.longest_held <= MAX_FRAME
    return result


def _group(dice: random.Random, checksum: Checksum) -> tuple[Frame | None, bytes]:
    """Four random pieces and one good frame, as bytes; the frame is None where the noise makes it unreadable."""
    pieces = []
    for _ in range(4):
        wire = bytearray(encode(_frame(dice), checksum))
        match dice.randrange(4):
            case 0:
                wire[dice.randrange(len(wire))] ^= 1 << dice.randrange(8)
            case 1:
                del wire[dice.randrange(len(wire)) :]
            case 2:
                wire = bytearray(dice.randbytes(dice.randrange(12)))
        pieces.append(bytes(wire))
    good = _frame(dice)
    last = encode(good, checksum)
    heard_as = Frame(good.destination, None if checksum is Checksum.CRC else good.source, good.header, good.data)
    before = b"".join(pieces)
    return (None if _swallowed(before, last, checksum) else heard_as), before + last


def _swallowed(before: bytes, last: bytes, checksum: Checksum) -> bool:
    """Whether noise and the first bytes of the last frame happen to form a valid frame, which no parser can tell from a real one."""
    wire = before + last
    for begin in range(max(0, len(before) - MAX_FRAME), len(before)):
        end = begin + wire[begin + 1] + 5
        if len(before) < end <= len(wire) and _checks(wire[begin:end], checksum):
            return True
    return False


def _checks(frame: bytes, checksum: Checksum) -> bool:
    if checksum is Checksum.SIMPLE:
        return sum(frame) % 256 == 0
    return crc_ccitt(frame[:2] + frame[3:-1]) == frame[2] | frame[-1] << 8


def _frame(dice: random.Random) -> Frame:
    size = dice.choice([0, 0, 1, 3, 11, 40, 255])
    return Frame(dice.randrange(256), dice.randrange(256), dice.randrange(256), dice.randbytes(size))


def coin_latencies(coins: int, seed: int, wire: str = "clean_echo") -> list[float]:
    """Seconds from a coin at the credit sensor until `poll` returns its credit, with a poll every 200 ms."""
    dice = random.Random(seed)
    machine = Machine(wire, seed)
    host = machine.host()
    host.acceptor.start()
    host.acceptor.accept(ALL_YEN)
    clock, acceptor = machine.clock, machine.acceptor
    latencies: list[float] = []
    credits_due: list[float] = []

    def drop() -> None:
        acceptor.insert(dice.choice(list(VALUES)), clock.monotonic())
        credits_due.append(clock.monotonic() + ROLL_S)
        clock.after(dice.uniform(0.4, 1.6), drop)

    clock.after(300.0, drop)  # by then the bus counts the line as `trusted`
    due_s = clock.monotonic()
    while len(latencies) < coins:
        for event in host.acceptor.poll():
            assert isinstance(event, CoinCredited)
            latencies.append(clock.monotonic() - credits_due.pop(0))
        due_s = max(due_s + POLL_S, clock.monotonic())
        clock.advance_to(due_s)
    return latencies


def total_latencies(coins: int, seed: int) -> list[float]:
    """Seconds from the coin in the box to the sum on the screen.

    Whole sessions on the rig give what line, polls and loop need in virtual time; to each is added, in real time on this
    computer, what the machine does for one coin: a durable record, the picture, the rows that changed.
    """
    latencies = shown_after_s(RigMachine(seed=seed, wire=WIRES["clean_echo"]), coins, seed, roll_s=ROLL_S)
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        own_s = _own_work(200, Path(folder))
    return [latency + dice.choice(own_s) for latency in latencies]


def shown_after_s(machine: RigMachine, coins: int, seed: int, *, roll_s: float) -> list[float]:
    """Virtual seconds from each coin of 50 yen in the box to its total on the screen. `roll_s`: from the slot to the box."""
    dice = random.Random(seed)
    waiting: list[float] = []
    latencies: list[float] = []

    def look(_: RigMachine, scene: show.Scene) -> None:
        if isinstance(scene, show.Pay) and scene.countdown_s is None and scene.inserted_yen == 50 * handed[0]:
            latencies.extend(machine.clock.monotonic() - at_s for at_s in waiting)
            waiting.clear()

    def pay(_: RigMachine, scene: show.Scene) -> None:
        assert isinstance(scene, show.Pay)
        if scene.countdown_s is None and scene.inserted_yen == 50 * handed[0]:
            handed[0] += 1
            drops_s = machine.clock.monotonic() + dice.uniform(0.4, 1.6)
            machine.drop(50, drops_s)
            waiting.append(drops_s + roll_s)

    handed = [0]
    with tempfile.TemporaryDirectory() as folder:
        card = rig_cards(Path(folder) / "keys")["hanako"]
        while len(latencies) < coins:
            handed[0] = 0
            card.chip.heal()
            person = Person(card, deeds={show.Pay: pay})
            machine.run_until(lambda: isinstance(machine.loop.scene, show.Idle), 60)
            machine.watchers[:] = [look, person]
            machine.reader.insert(card.chip)
            machine.run_session()
            waiting.clear()  # after a session's last coin the screen shows no sum: the fee is met
    return latencies


def _own_work(coins: int, folder: Path) -> list[float]:
    """Real seconds this computer needs for one coin: journal, picture, framebuffer."""
    journal = Journal.open(FileDisk(folder / "journal"), wall=lambda: datetime.now(UTC), mono=time.monotonic)
    screen = FramebufferScreen(FileSink(folder / "screen.raw", pixels="bgrx"), pixels="bgrx")
    spent: list[float] = []
    for number in range(coins):
        scene = show.Pay(language="ja", fee_yen=30_000, inserted_yen=50 * number, accepts_yen=(10, 50, 100, 500))
        began_s = time.perf_counter()
        journal.append(records.Coin(sid="0" * 32, value_yen=50, event_counter=number % 255 + 1))
        screen.show(draw_scene(scene))
        spent.append(time.perf_counter() - began_s)
    return spent


def polling_load(polls: int) -> float:
    """Host CPU seconds of one poll over pyserial and a pseudo-terminal, the model's own work not counted."""
    machine = Machine("clean")
    with tempfile.TemporaryDirectory() as folder:
        line = PtyLine(machine.model, Path(folder) / "coin")
        with serve([line]):
            stream = SerialStream(str(line.link), 9600, time, device="coin")
            acceptor = Acceptor(CcTalkBus(stream, time), 2, None, VALUES, None)
            acceptor.start()
            began_s = time.thread_time()
            for _ in range(polls):
                acceptor.poll()
            spent_s = time.thread_time() - began_s
            stream.close()
    return spent_s / polls


def rows() -> list[tuple[str, str, str]]:
    """What was measured, the result, and the number to reach."""
    return [*_proof(), *_fuzz(), *_speed()]


def _proof() -> Iterator[tuple[str, str, str]]:
    began_s = time.perf_counter()
    failures: list[str] = []
    coins = cuts = resets = deaths = short = worst = payouts = 0
    for number, wire in enumerate(WIRES):
        books, wrong = play(wire, COINS // len(WIRES), seed=number + 1)
        failures += wrong
        coins, cuts, resets = coins + books.coins, cuts + books.cuts, resets + books.resets
        deaths, short, payouts = deaths + books.host_deaths, short + books.short, payouts + books.payouts
        worst = max(worst, books.worst_cut)
    spent_s = time.perf_counter() - began_s
    what = f"coins on {len(WIRES)} wires, {cuts} power cuts, {resets} acceptor resets, {deaths} host deaths"
    yield what, f"{coins} coins, {len(failures)} violations, {spent_s:.0f} s", "≥ 200000, 0 violations"
    yield "coins not credited, all flagged (worst per cut)", f"{short} ({worst})", "≤ 1 per cut"
    yield "payouts with every fault, Σ counters = Σ physical", f"{payouts} payouts", "0 violations"
    for failure in failures:
        yield "VIOLATION", failure, "none"


def _fuzz() -> Iterator[tuple[str, str, str]]:
    began_s = time.perf_counter()
    result = fuzz_parser(FRAMES, seed=1)
    spent_s = time.perf_counter() - began_s
    measured = f"{result.frames} frames, {result.lost} lost, {result.invented} invented, {spent_s:.0f} s"
    yield "ccTalk parser fuzz", measured, "≥ 1000000, 0, 0"


def _speed() -> Iterator[tuple[str, str, str]]:
    latencies = sorted(coin_latencies(2000, seed=1))
    p99_s = latencies[int(len(latencies) * 0.99)]
    median_s = statistics.median(latencies)
    yield (
        "coin at the sensor → credit in the host (p50 / p99)",
        f"{median_s * 1e3:.0f} / {p99_s * 1e3:.0f} ms",
        "p99 ≤ 250 ms",
    )
    totals = sorted(total_latencies(1000, seed=1))
    yield (
        "coin in the box → total on the screen (p50 / p99)",
        f"{statistics.median(totals) * 1e3:.0f} / {totals[int(len(totals) * 0.99)] * 1e3:.0f} ms",
        "p99 ≤ 250 ms",
    )
    yield "host CPU share of polling every 200 ms", f"{polling_load(300) / POLL_S * 100:.2f} %", "≤ 3 %"
