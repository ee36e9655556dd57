"""The driver of the I/O board on a simulated board: its keys, its door, its slot, and everything that may happen to the cable."""

import gc
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import LineLost, NoReply, WrongDevice
from drivers.io_board import frames
from drivers.io_board.frames import Output
from drivers.io_board.link import BEAT_S, LOST_S, BoardLink
from drivers.io_board.wires import BoardSlot
from drivers.serial_stream import SerialStream
from drivers.trace import TracedStream, keep_sent
from host_sim.adapters.pty import PtyLine, serve
from host_sim.adapters.wire import WIRES, WireKind
from host_sim.models.io_board import board as model
from host_sim.models.io_board.board import IoBoardModel
from host_sim.models.io_board.loom import FAULTS
from host_sim.models.key_matrix import LAYOUT, KeyMatrix
from tests.unit.io_board.board_bench import LOSSY, USB, Bench

ALL_COINS = frozenset({10, 50, 100, 500})
CELLS = {name: (row, column) for row, names in enumerate(LAYOUT) for column, name in enumerate(names)}


def test_each_key_is_its_own_crossing_and_ends_a_wait():
    bench = Bench()
    for name, cell in CELLS.items():
        assert not bench.pads.wait_for_activity(0.2)
        bench.clock.after(0.1, lambda name=name: bench.keys.press(name, bench.clock.monotonic()))
        began_s = bench.clock.monotonic()
        assert bench.pads.wait_for_activity(1.0)
        assert bench.clock.monotonic() - began_s < 0.1 + 0.0011  # the page scans every millisecond
        assert bench.pads.closed() == {cell}
        bench.keys.release(name, bench.clock.monotonic())
        bench.wait(0.02)
        assert bench.pads.closed() == frozenset()


def test_the_door():
    bench = Bench()
    assert not bench.door.broken()
    bench.door_open = True
    bench.wait(0.02)
    assert bench.door.broken()


def test_the_slot_is_shut_until_it_is_opened_and_shut_by_a_machine_that_is_silent():
    bench = Bench()
    assert not bench.drop("JP100A")
    bench.driver.start()
    assert (bench.board.outputs, bench.acceptor.powered, bench.acceptor.inhibited) == (6, True, True)
    bench.driver.accept(ALL_COINS)
    assert bench.board.outputs == 0x0F
    assert bench.drop("JP100A")
    bench.poll(3.0)
    assert bench.credited == 100
    bench.clock.advance(1.1)
    assert not bench.drop("JP100A")
    assert (bench.board.why, bench.acceptor.powered) == (model.SILENT, True)
    bench.clock.advance(10.0)
    assert not bench.drop("JP100A")
    assert not bench.acceptor.powered


def test_the_machine_beats_while_it_waits_for_a_key():
    bench = Bench()
    bench.driver.start()
    bench.driver.accept(ALL_COINS)
    for _ in range(200):
        bench.pads.wait_for_activity(0.05)
        bench.board.advance(bench.clock.monotonic())
        assert bench.board.outputs & model.COINS
    assert BEAT_S < model.SILENT_S / 3


@pytest.mark.parametrize("refuses", ["ground", "floating"])
@pytest.mark.parametrize("stuck", [True, False])
def test_an_inhibit_wire_that_does_not_follow_is_told(monkeypatch, refuses, stuck):
    bench = Bench()
    slot = BoardSlot(bench.link, refuses)
    slot.try_out()
    monkeypatch.setattr(bench.board, "_inputs", lambda: 1 | stuck << 2)
    with pytest.raises(WrongDevice, match=r"GP 11 of the I/O board.*put it right"):
        slot.try_out()
    bench.board.advance(bench.clock.monotonic())
    assert not bench.board.outputs & model.COINS


def test_a_12_v_wire_that_touches_another_is_told():
    bench = Bench()
    bench.slot.try_out()
    bench.board.rewire(FAULTS["inhibit_touches_supply"], bench.clock.monotonic())
    with pytest.raises(WrongDevice, match=r"GP 12 of the I/O board.*put it right"):
        bench.slot.try_out()
    bench.board.advance(bench.clock.monotonic())
    assert not bench.board.outputs & model.COINS


# --- the cable ----------------------------------------------------------------------------------


def test_a_board_that_is_silent_is_told_and_found_again():
    bench = Bench()
    bench.wait(1.0)
    bench.board.power_off(bench.clock.monotonic())
    with pytest.raises(NoReply, match="pull its USB plug"):
        bench.wait(LOST_S + BEAT_S + 0.2)
    bench.board.power_on(bench.clock.monotonic())
    assert bench.boot


def test_a_board_that_answered_while_this_program_stood_still_is_not_silent():
    """A computer whose other work holds this program up for longer than `LOST_S`: the answer lies there, unread."""
    bench = Bench(WireKind(baud=115200))
    boot = bench.boot
    for _ in range(20):
        bench.link.report()  # says what is due and waits for nothing
        bench.clock.advance(LOST_S + BEAT_S)
    assert bench.boot == boot
    assert bench.link.counts.lost == 0
    bench.board.power_off(bench.clock.monotonic())
    bench.wait(BEAT_S)
    bench.clock.advance(LOST_S)
    with pytest.raises(NoReply):
        bench.link.report()


def test_a_board_that_is_plugged_in_again_works_on_and_its_coins_are_not_lost():
    bench = Bench()
    bench.driver.start()
    bench.driver.accept(ALL_COINS)
    assert bench.drop("JP500A")
    bench.poll(0.5)
    bench.stream.hang_up()
    with pytest.raises(LineLost):
        bench.wait(0.1)
    bench.clock.advance(2.0)
    bench.stream.plug_in()
    bench.driver.start()
    bench.poll(8.0)
    assert (bench.credited, bench.told_lost) == (500, False)
    assert not bench.drop("JP100A"), "nobody has opened the slot again"


def test_a_restart_with_an_open_slot_is_told_as_lost_coins_and_the_slot_stays_shut():
    bench = Bench()
    bench.driver.start()
    bench.driver.accept(ALL_COINS)
    bench.poll(1.0)
    bench.board.reset(bench.clock.monotonic(), watchdog=True)
    bench.poll(2.0)
    assert bench.told_lost
    assert not bench.drop("JP100A")
    assert bench.link.counts.restarts == 1
    bench.driver.accept(ALL_COINS)
    assert bench.drop("JP100A")


def test_a_restart_with_a_shut_slot_is_no_news_and_the_acceptor_has_its_supply_again():
    bench = Bench()
    bench.driver.start()
    bench.poll(5.0)
    bench.board.reset(bench.clock.monotonic())
    bench.poll(2.0)
    assert not bench.told_lost
    assert (bench.acceptor.powered, bench.acceptor.inhibited) == (True, True)


def test_a_restart_while_the_slot_is_opened_is_an_error():
    bench = Bench()
    bench.driver.start()
    bench.wait(5.0)
    bench.stream.wire.kind = WireKind(baud=None, loss=1.0)
    bench.clock.after(0.05, lambda: bench.board.reset(bench.clock.monotonic()))
    bench.clock.after(0.06, lambda: setattr(bench.stream.wire, "kind", USB))
    with pytest.raises(LineLost, match="started anew"):
        bench.driver.accept(ALL_COINS)


def test_a_program_of_another_version_is_named_and_can_be_asked_which():
    bench = Bench()
    bench.board._ears.hear = lambda data: [b"\x02\x01\x00" for _ in data.split(b"\0")[1:-1]]  # type: ignore[method-assign]
    model.wire.identity, kept = (lambda *args: _of_version_2(kept(*args))), model.wire.identity
    try:
        with pytest.raises(WrongDevice, match="version 2"):
            bench.link.report()
        assert bench.link.identity().program_sha256 == model.PROGRAM
    finally:
        model.wire.identity = kept


def _of_version_2(frame: bytes) -> bytes:
    body = bytearray(model.wire._unstuffed(frame[:-1])[:-4])
    body[0] = 2
    return model.wire._framed(bytes(body))


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 2**16),
    st.lists(st.sampled_from(["JP010A", "JP050A", "JP100A", "JP500A"]), min_size=1, max_size=3),
)
def test_ten_of_a_hundred_frames_lost_both_ways_lose_no_coin(seed, coins):
    bench = Bench(LOSSY, seed)
    bench.driver.start()
    bench.driver.accept(ALL_COINS)
    for coin in coins:
        assert bench.drop(coin)
        bench.poll(1.0)
    bench.driver.inhibit()
    bench.poll(10.0 * len(coins))
    assert (bench.credited, bench.told_lost) == (sum(int(coin[2:5]) for coin in coins), False)
    assert not bench.drop("JP010A")


@pytest.mark.parametrize("name", ["flips", "late", "byte_by_byte"])
def test_other_bad_cables_lose_no_coin_either(name):
    kind = WIRES[name]
    bench = Bench(WireKind(slice_bytes=kind.slice_bytes, flip=kind.flip, late=kind.late, late_s=0.05, baud=115200), 3)
    bench.driver.start()
    bench.driver.accept(ALL_COINS)
    assert bench.drop("JP100A")
    bench.poll(4.0)
    assert (bench.credited, bench.told_lost) == (100, False)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**16), st.lists(st.sampled_from(["reset", "unplug", "wait"]), max_size=4))
def test_whatever_happens_to_board_and_cable_no_coin_is_made_and_none_is_lost_untold(seed, happenings):
    bench = Bench(LOSSY, seed)
    for number, what in enumerate(["wait", *happenings, "wait"]):
        try:
            bench.driver.start()
            bench.driver.accept(ALL_COINS)
            bench.drop("JP050A" if number % 2 else "JP100A")
            bench.poll(0.3 + seed % 7 / 10)
            if what == "reset":
                bench.board.reset(bench.clock.monotonic())
            elif what == "unplug":
                bench.stream.hang_up()
            bench.poll(0.5)
        except (LineLost, NoReply):
            bench.stream.plug_in()
    bench.stream.plug_in()
    bench.driver.start()
    bench.poll(6.0)
    inserted = sum(int(coin[2:5]) for coin in bench.acceptor.cash_box)
    assert bench.credited <= inserted
    assert bench.credited == inserted or bench.told_lost


# --- what may not be kept -----------------------------------------------------------------------


def test_no_report_is_kept_in_trace_or_buffer():
    bench = Bench()
    traced = TracedStream(bench.stream, bench.clock, redact=keep_sent)
    link = BoardLink(traced, bench.clock)
    for name in ("1", "2", "3", "4"):
        bench.keys.press(name, bench.clock.monotonic())
        link.wait_for(lambda report: bool(report.contacts), 0.1)
        bench.keys.release(name, bench.clock.monotonic())
        link.wait_for(lambda report: not report.contacts, 0.1)
    heard = [passage for passage in traced.passages() if passage.direction == "heard"]
    assert heard
    assert not any(passage.data for passage in heard)
    gc.collect()
    kept = [each for each in gc.get_objects() if type(each) is frames.Report]
    assert not any(report.contacts for report in kept)


# --- threads ------------------------------------------------------------------------------------


def test_several_threads_share_one_board(tmp_path):
    """On a pseudo-terminal: one waits for keys, one opens and shuts the slot, one looks at the door; all get on."""
    keys = KeyMatrix()
    line = PtyLine(IoBoardModel(keys, None, lambda: True, time.monotonic), tmp_path / "io-board")
    with serve([line]):
        link = BoardLink(SerialStream(str(line.link), 115200, time, device="io_board"), time)  # type: ignore[arg-type]
        rounds, troubles = {"keys": 0, "slot": 0, "door": 0}, []

        def work(name, act):
            try:
                for _ in range(20):
                    act()
                    rounds[name] += 1
            except Exception as trouble:  # noqa: BLE001  told below, in the test's own thread
                troubles.append(trouble)

        wanted = iter([Output.SUPPLY | Output.COINS, Output.SUPPLY] * 10)
        acts = {
            "keys": lambda: link.wait_for(lambda report: bool(report.contacts), 0.02),
            "slot": lambda: link.hold(next(wanted), of=Output.SUPPLY | Output.COINS),
            "door": lambda: (link.report(), link.coin_wire()),
        }
        threads = [threading.Thread(target=work, args=each) for each in acts.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        link.close()
    assert (troubles, rounds) == ([], {"keys": 20, "slot": 20, "door": 20})
