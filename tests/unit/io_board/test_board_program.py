"""The board's program under MicroPython against a second reading of its page: whatever is done to it, in told time."""

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host_sim.io_board.model import BoardModel, Wires
from tests.unit.io_board.board_page import (
    BY_WATCHDOG,
    STARTED,
    Identity,
    Page,
    Report,
    ask_body,
    frame,
    loader_body,
    read,
    set_body,
)

GOLDEN = tomllib.loads((Path(__file__).parents[2] / "golden" / "io_board" / "frames.toml").read_text())
ROUND_US = 10_000  # "at most 10 ms apart"


class Bench:
    """A board, and what the page says of it. Each act is done to both, one at a time; `wait` compares them."""

    def __init__(self, model: BoardModel) -> None:
        self.model = model
        self.now_us = 0
        self.page = Page()
        self.identities: list[int] = []  # not yet looked at
        self.learn(STARTED)

    @property
    def now_s(self) -> float:
        return self.now_us / 1e6

    def learn(self, why: int) -> None:
        """After a start: a SET with boot 0; the answer says the boot number, and when the program began."""
        before = self.page.boot
        self.page.start(self.now_us, why)
        self.model.receive(frame(set_body(0, 0, 0, 0x3F)), self.now_s)
        (first,) = read(self.model.transmit(self.now_s))
        assert isinstance(first, Report)
        assert first.boot not in {0, before}
        self.page.boot, self.page.began_us = first.boot, self.now_us - first.at_us
        assert first == self.page.report(first.at_us)
        self.last = first
        self.wait(ROUND_US)

    def press(self, key: int) -> None:
        self.page.contacts |= 1 << key
        self.model.press(key // 4, key % 4, self.now_s)

    def release(self, key: int) -> None:
        self.page.contacts &= ~(1 << key)
        self.model.release(key // 4, key % 4, self.now_s)

    def coin(self, *, low: bool) -> None:
        self.page.edge(self.now_us, low=low)
        self.model.coin_wire(low=low, now_s=self.now_s)

    def door(self, *, shut: bool) -> None:
        self.page.door_shut = shut
        self.model.door(shut=shut, now_s=self.now_s)

    def reset(self) -> None:
        self.model.reset(self.now_s)
        self.model.transmit(self.now_s)
        self.learn(STARTED)

    def hang(self) -> None:
        """The program stands still: 2 s after it was last fed the watchdog starts it anew, with every output off."""
        hung_us, starts = self.now_us, self.model.starts
        self.model.hang(self.now_s)
        while self.model.starts == starts:
            self.now_us += ROUND_US
            assert self.now_us - hung_us <= 2_000_000 + ROUND_US
            self.model.transmit(self.now_s)
        self.learn(BY_WATCHDOG)

    def say(self, *bodies: bytes) -> None:
        """Frames of the machine that arrive together. All valid ones of version 1 are answered; IDENTITY answers the last ASK."""
        identity: list[int] = []
        for body in bodies:
            match tuple(body):
                case [1, 0x01, sequence, *_]:
                    fields = body[3:]
                    boot, acknowledged = (int.from_bytes(fields[at : at + 4], "little") for at in (0, 4))
                    self.page.hear_set(self.now_us, sequence, boot, acknowledged, fields[8])
                case [1, 0x02, sequence]:
                    self.page.sequence = sequence
                    identity = [sequence]
                case [1, 0x04, sequence, *_]:
                    self.page.sequence = sequence
                case [_, _, sequence, *_]:
                    identity = [sequence]
        self.model.receive(b"".join(map(frame, bodies)), self.now_s)
        owed = any(body[0] == 1 and body[1] in {0x01, 0x04} for body in bodies)
        assert len(self._hear()) == int(owed)
        assert self.identities == identity
        self.identities.clear()

    def damage(self, data: bytes) -> None:
        """Bytes between two 0x00 that are no frame."""
        self.page.damaged += len([coded for coded in data.split(b"\0") if coded])
        self.model.receive(b"\0" + data + b"\0", self.now_s)

    def wait(self, duration_us: int) -> None:
        """Let time pass. What is so for a round and heard is told, once; what nobody hears is not; the pins are as the page says."""
        end_us = self.now_us + duration_us
        while self.now_us < end_us:
            heard = self.page.hears(self.now_us)
            self.now_us = min(end_us, self.now_us + 500_000)
            last = self.last
            for report in self._hear():
                assert heard
                assert _news(report) != _news(last)
                last = report
            wires = self.model.wires()
            seen = (wires.supply, wires.inhibit_low, wires.slot_lamp, wires.paper_lamp, wires.buzzer)
            assert seen in {self.page.wires(self.now_us), self.page.wires(self.now_us - ROUND_US)}
            if self.page.hears(self.now_us):
                assert _news(self.last) == _news(self.page.report(self.now_us - self.page.began_us))

    def _hear(self) -> list[Report]:
        """The reports said up to now, each as the page has it."""
        reports = []
        for said in read(self.model.transmit(self.now_s)):
            if isinstance(said, Identity):
                assert said.boot == self.page.boot
                self.identities.append(said.sequence)
                continue
            assert said == self.page.report(said.at_us)
            reports.append(said)
            self.last = said
        return reports


def _news(report: Report) -> tuple[int, ...]:
    return report.contacts, report.inputs, report.outputs, report.why, report.first + len(report.edges)


BYTE = st.integers(0, 255)


def _stranger(bench: Bench, data: st.DataObject) -> None:
    """Frames for a board that started before, or for none."""
    assert bench.page.boot is not None
    other = data.draw(st.sampled_from([0, bench.page.boot ^ 1]))
    bench.say(set_body(data.draw(BYTE), other, 0, 0x3F), loader_body(data.draw(BYTE), other))


def _loader(bench: Bench, data: st.DataObject) -> None:
    """Refused, because coins are taken; the loader itself has a test of its own."""
    assert bench.page.boot is not None
    bench.say(set_body(data.draw(BYTE), bench.page.boot, 0, 0x03), loader_body(data.draw(BYTE), bench.page.boot))


def _other_version(bench: Bench, data: st.DataObject) -> None:
    bench.say(bytes([data.draw(st.integers(2, 255))]) + data.draw(st.binary(min_size=2, max_size=31)))


def _key(bench: Bench, data: st.DataObject) -> None:
    key = data.draw(st.integers(0, 15))
    if bench.page.contacts >> key & 1:
        bench.release(key)
    elif bench.page.contacts.bit_count() < 2:  # three would make a fourth
        bench.press(key)


ACTS: dict[str, Callable[[Bench, st.DataObject], None]] = {
    "set": lambda bench, data: bench.say(_set(bench, data)),
    "stranger": _stranger,
    "ask": lambda bench, data: bench.say(ask_body(data.draw(BYTE))),
    "loader": _loader,
    "several": lambda bench, data: bench.say(_set(bench, data), ask_body(data.draw(BYTE)), _set(bench, data)),
    "other version": _other_version,
    "damage": lambda bench, data: bench.damage(_damaged(bench, data)),
    "key": _key,
    "coin": lambda bench, _: bench.coin(low=not bench.page.coin_low),
    "door": lambda bench, data: bench.door(shut=data.draw(st.booleans())),
    "reset": lambda bench, _: bench.reset(),
}


def _set(bench: Bench, data: st.DataObject) -> bytes:
    edges = len(bench.page.edges)
    assert bench.page.boot is not None
    return set_body(data.draw(BYTE), bench.page.boot, data.draw(st.integers(0, edges + 1)), data.draw(BYTE))


def _damaged(bench: Bench, data: st.DataObject) -> bytes:
    """A SET that would open the slot, with some bytes changed, cut off or put in."""
    wire = bytearray(frame(_set(bench, data))[:-1])
    place = data.draw(st.integers(0, len(wire) - 1))
    match data.draw(st.sampled_from(["turn", "cut", "insert", "long", "type", "length"])):
        case "turn":
            wire[place] ^= data.draw(st.integers(1, 255))
        case "cut":
            del wire[place:]
        case "insert":
            wire.insert(place, data.draw(BYTE if place else st.integers(1, 255)))  # 0x00 before a frame is allowed
        case "long":
            wire += bytes([1] * data.draw(st.integers(40, 90)))
        case "type":
            wire = bytearray(frame(bytes([1, 0x82, 7]) + bytes(4))[:-1])
        case "length":
            wire = bytearray(frame(set_body(1, 1, 0, 0x03) + b"\x00")[:-1])
    return bytes(wire)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with BoardModel(seed=17) as model:
        yield Bench(model)


@pytest.fixture
def fresh(bench: Bench) -> Bench:
    """The same board at rest, started anew."""
    for key in range(16):
        bench.release(key)
    bench.coin(low=False)
    bench.door(shut=True)
    bench.reset()
    return bench


@settings(max_examples=18, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), names=st.lists(st.sampled_from([*ACTS, "set", "key", "coin"]), min_size=4, max_size=16))
def test_whatever_is_done_to_it_the_board_does_what_its_page_says(
    bench: Bench, data: st.DataObject, names: list[str]
) -> None:
    bench.reset()
    for name in names:
        ACTS[name](bench, data)
        bench.wait(data.draw(st.sampled_from([*[ROUND_US] * 5, 35_000, 1_015_000])))


@pytest.mark.parametrize("outputs", [0x3F, 0x3B])
def test_a_silent_machine_closes_the_slot_after_a_second_and_the_supply_after_eleven(
    fresh: Bench, outputs: int
) -> None:
    """Before that nothing changes; what is no heartbeat (another boot number, ASK, damage) prolongs nothing."""
    assert fresh.page.boot is not None
    fresh.say(set_body(1, fresh.page.boot, 0, outputs))
    fresh.wait(900_000)
    assert fresh.model.takes_coins("ground" if outputs & 4 else "float")
    fresh.say(set_body(2, fresh.page.boot ^ 1, 0, outputs), ask_body(3), loader_body(4, fresh.page.boot))
    fresh.damage(frame(set_body(5, fresh.page.boot, 0, outputs))[:-2])
    fresh.wait(110_000)
    assert fresh.model.wires().supply
    assert not fresh.model.takes_coins("ground" if outputs & 4 else "float")
    fresh.wait(9_950_000)
    assert fresh.model.wires().supply
    fresh.wait(60_000)
    assert not fresh.model.wires().supply


def test_the_watchdog_starts_a_program_that_hangs_and_no_output_stays_on(fresh: Bench) -> None:
    assert fresh.page.boot is not None
    fresh.say(set_body(1, fresh.page.boot, 0, 0x3B))
    fresh.wait(ROUND_US)
    fresh.hang()
    assert fresh.model.wires() == Wires(*[False] * 5)


def test_the_last_64_edges_are_kept_and_numbered(fresh: Bench) -> None:
    for number in range(150):
        fresh.coin(low=number % 2 == 0)
        fresh.now_us += 1_700  # several edges within one round
    fresh.wait(ROUND_US)
    assert fresh.page.boot is not None
    for acknowledged in (0, 100, 151, 149, 150):
        fresh.say(set_body(1, fresh.page.boot, acknowledged, 0x06))
        fresh.wait(ROUND_US)


def test_more_edges_in_one_round_than_can_be_noted_are_told_as_lost(fresh: Bench) -> None:
    assert fresh.page.boot is not None
    for number in range(200):
        fresh.model.coin_wire(low=number % 2 == 0, now_s=fresh.now_s + number * 10e-6)
    fresh.now_us += 2 * ROUND_US
    fresh.model.run(fresh.now_s)
    fresh.model.receive(frame(set_body(1, fresh.page.boot, 0, 0x06)), fresh.now_s)
    (report,) = read(fresh.model.transmit(fresh.now_s))
    assert isinstance(report, Report)
    assert (report.first, len(report.edges)) == (200 - 64, 64)
    assert [low for _, low in report.edges] == [True, False] * 32
    fresh.reset()


def test_a_key_is_seen_by_the_first_round_a_millisecond_after_the_last_scan(fresh: Bench) -> None:
    assert fresh.page.boot is not None
    for sequence in range(8):
        fresh.say(set_body(sequence, fresh.page.boot, 0, 0x06))  # each byte makes a round
        (fresh.release if sequence % 2 else fresh.press)(5)
        fresh.now_us += 1_000
        fresh.say(set_body(sequence, fresh.page.boot, 0, 0x06))
        fresh.wait(ROUND_US)


def test_keys_at_three_corners_make_a_fourth_without_diodes(fresh: Bench) -> None:
    assert fresh.page.boot is not None
    fresh.say(set_body(1, fresh.page.boot, 0, 0x06))
    for key in (0, 2, 8):
        fresh.press(key)
    fresh.page.contacts |= 1 << 10
    fresh.wait(ROUND_US)


def test_a_short_on_the_inhibit_wire_is_told(fresh: Bench) -> None:
    assert fresh.page.boot is not None
    fresh.say(set_body(1, fresh.page.boot, 0, 0x07))
    fresh.model.hold_inhibit(low=True, now_s=fresh.now_s)
    fresh.now_us += ROUND_US
    (report,) = read(fresh.model.transmit(fresh.now_s))
    fresh.model.hold_inhibit(low=False, now_s=fresh.now_s)
    assert isinstance(report, Report)
    assert (report.outputs, report.inputs) == (0x07, 0x05)


def test_an_edge_while_the_program_begins_to_listen_is_kept_and_the_next_ones_are_heard(fresh: Bench) -> None:
    fresh.model.edge_at_start(fresh.now_s)
    fresh.model.reset(fresh.now_s)
    fresh.model.coin_wire(low=False, now_s=fresh.now_s + 0.05)
    fresh.now_us += 100_000
    fresh.model.receive(frame(set_body(0, 0, 0, 0)), fresh.now_s)
    (report,) = read(fresh.model.transmit(fresh.now_s))
    assert isinstance(report, Report)
    assert [low for _, low in report.edges] == [True, False]
    fresh.page.coin_low = False
    fresh.reset()


@pytest.mark.parametrize(("outputs", "inputs"), [(0x06, 0x0D), (0x04, 0x05)])
def test_a_short_on_the_12_v_pin_is_told_while_the_board_drives_it(fresh: Bench, outputs: int, inputs: int) -> None:
    assert fresh.page.boot is not None
    fresh.model.hold_supply(low=True, now_s=fresh.now_s)
    fresh.model.receive(frame(set_body(1, fresh.page.boot, 0, outputs)), fresh.now_s)
    (report,) = read(fresh.model.transmit(fresh.now_s))
    fresh.model.hold_supply(low=False, now_s=fresh.now_s)
    assert isinstance(report, Report)
    assert (report.outputs, report.inputs) == (outputs, inputs)
    fresh.reset()


@pytest.mark.parametrize("room_bytes", [0, 1, 20, 70])
def test_a_machine_that_stops_reading_stops_nothing(fresh: Bench, room_bytes: int) -> None:
    """Slot and supply close in time, edges are kept; when it reads again it gets at most one old frame, then the newest."""
    assert fresh.page.boot is not None
    fresh.say(set_body(1, fresh.page.boot, 0, 0x07))
    fresh.model.stop_reading(room_bytes, fresh.now_s)
    for number in range(40):
        fresh.coin(low=number % 2 == 0)
        fresh.now_us += 50_000
    half = fresh.model.transmit(fresh.now_s)
    assert len(half) <= room_bytes
    assert not fresh.model.takes_coins()
    fresh.model.go_on_reading(fresh.now_s)
    fresh.model.receive(frame(set_body(2, fresh.page.boot, 0, 0x06)), fresh.now_s)
    fresh.page.hear_set(fresh.now_us, 2, fresh.page.boot, 0, 0x06)
    reports = read(half + fresh.model.transmit(fresh.now_s))
    assert len(reports) <= 4
    last = reports[-1]
    assert isinstance(last, Report)
    assert last == fresh.page.report(last.at_us)
    assert len(last.edges) == 40


def test_the_loader_is_entered_only_while_no_coins_are_taken(fresh: Bench) -> None:
    boot = fresh.page.boot
    assert boot is not None
    fresh.say(set_body(1, boot, 0, 0x3B))
    fresh.say(loader_body(2, boot))
    assert not fresh.model.in_loader
    fresh.say(set_body(3, boot, 0, 0x3A))
    fresh.model.receive(frame(loader_body(4, boot)), fresh.now_s)
    assert fresh.model.transmit(fresh.now_s) == b""
    assert fresh.model.in_loader
    assert fresh.model.wires() == Wires(*[False] * 5)
    fresh.reset()
    assert not fresh.model.in_loader


def test_with_the_service_contact_held_the_program_does_not_run(fresh: Bench) -> None:
    fresh.model.service(held=True, now_s=fresh.now_s)
    fresh.model.reset(fresh.now_s)
    fresh.model.receive(frame(ask_body(1)), fresh.now_s)
    assert fresh.model.transmit(fresh.now_s + 1.0) == b""
    fresh.now_us += 1_000_000
    fresh.model.service(held=False, now_s=fresh.now_s)
    fresh.reset()


def test_the_first_golden_reports_come_out_of_the_whole_program() -> None:
    golden = GOLDEN["report"][0]
    with BoardModel(boots=[golden["boot"]]) as model:
        model.receive(bytes.fromhex(GOLDEN["set"][0]["wire"]), golden["at_us"] / 1e6)
        assert model.transmit(golden["at_us"] / 1e6).hex() == golden["wire"]


@pytest.mark.parametrize("golden", GOLDEN["damaged"] + GOLDEN["other_version"], ids=lambda golden: str(golden["name"]))
def test_golden_frames_without_effect(fresh: Bench, golden: dict[str, str]) -> None:
    fresh.model.receive(bytes.fromhex(golden["wire"]), fresh.now_s)
    fresh.now_us += 100_000  # long ones take some rounds
    said = read(fresh.model.transmit(fresh.now_s))
    assert [type(one) for one in said] == ([Identity] if golden in GOLDEN["other_version"] else [])
    fresh.page.damaged += not said
    assert fresh.page.boot is not None
    fresh.say(set_body(1, fresh.page.boot, 0, 0x06))


def test_the_memory_that_it_needs_does_not_grow() -> None:
    """Edges, keys, reports and damage of 15 seconds; the second half needs no more than the first."""
    used: list[int] = []
    with BoardModel(seed=3) as model:
        model.receive(frame(ask_body(0)), 0.0)
        (identity,) = read(model.transmit(0.0))
        for number in range(60):
            now_s = number * 0.25
            model.pulse(2, now_s=now_s)
            model.press(number % 4, number // 4 % 4, now_s)
            model.receive(b"\7" * (number % 90) + b"\0" + frame(set_body(number, identity.boot, 0, 0x07)), now_s + 0.2)
            model.transmit(now_s + 0.2)
            model.release(number % 4, number // 4 % 4, now_s + 0.2)
            model.run(now_s + 0.2)  # of no length: what is counted after it is what the last one left
            used.append(model.last_answer["heap_bytes"])
    assert max(used[30:]) <= max(used[:30]) + 500
