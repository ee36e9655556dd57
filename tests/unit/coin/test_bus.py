"""One master on a bad wire: which bytes are an answer, when it asks again, and which answers it rejects."""

import pytest

from drivers.coin.bus import CcTalkBus
from drivers.coin.cctalk import Checksum, Header
from drivers.errors import BadReply, LineLost, NoReply
from host_sim.adapters.memory import MemoryStream
from host_sim.adapters.wire import WIRES, WireKind
from host_sim.clock import VirtualClock
from host_sim.models.acceptor import AcceptorModel
from host_sim.models.cctalk_bus import Answer, BusFault, CcTalkBusModel
from tests.bench.coin_world import Machine


class Recorder:
    """A stream that keeps each write of the host with its time."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.sent: list[tuple[float, bytes]] = []

    def read(self, max_bytes: int, timeout_s: float) -> bytes:
        return self._machine.stream.read(max_bytes, timeout_s)

    def write(self, data: bytes, timeout_s: float) -> int:
        self.sent.append((self._machine.clock.monotonic(), data))
        return self._machine.stream.write(data, timeout_s)

    def close(self) -> None:
        self._machine.stream.close()


@pytest.fixture(params=["clean", "clean_echo", "byte_by_byte", "byte_by_byte_echo"])
def machine(request: pytest.FixtureRequest) -> Machine:
    return Machine(request.param)


def bus_of(machine: Machine) -> CcTalkBus:
    return CcTalkBus(machine.stream, machine.clock)


def test_an_answer_is_found_with_and_without_echo(machine: Machine) -> None:
    bus = bus_of(machine)
    assert bus.ask(2, Header.REQUEST_CATEGORY, lengths=(13,)) == b"Coin Acceptor"
    assert bus.ask(3, Header.REQUEST_CATEGORY, lengths=(6,)) == b"Payout"
    assert bus.quality.echo is machine.stream.wire.kind.echo


@pytest.mark.parametrize("fault", list(BusFault))
def test_one_bad_answer_of_any_kind_costs_a_retry_and_nothing_else(machine: Machine, fault: BusFault) -> None:
    # Fault A7: checksum wrong, half a frame, two replies, none.
    bus = bus_of(machine)
    machine.model.fault(fault)
    assert bus.ask(2, Header.REQUEST_SERIAL, lengths=(3,)) == bytes.fromhex("b3a201")
    assert bus.ask(2, Header.READ_EVENTS, lengths=(11,)) == bytes(11)
    assert bus.ask(3, Header.REQUEST_PAYOUT_STATUS, lengths=(4,)) == bytes(4)


def test_a_silent_device_is_asked_four_times_and_then_named_in_the_error(machine: Machine) -> None:
    recorder = Recorder(machine)
    bus = CcTalkBus(recorder, machine.clock)
    with pytest.raises(NoReply, match="address 9 did not answer header 254"):
        bus.ask(9, Header.SIMPLE_POLL, lengths=(0,))
    assert len(recorder.sent) == 4


def test_after_an_error_the_line_is_left_alone_for_more_than_50_ms() -> None:
    # Part 4, 5.1: otherwise a stray zero in front turns the frame into a broadcast.
    machine = Machine("clean")
    recorder = Recorder(machine)
    bus = CcTalkBus(recorder, machine.clock)
    bus.ask(2, Header.SIMPLE_POLL, lengths=(0,))
    machine.model.fault("half_reply")
    bus.ask(2, Header.REQUEST_SERIAL, lengths=(3,))
    (_, _), (asked_s, _), (again_s, _) = recorder.sent
    half_heard_s = asked_s + 5 * 10 / 9600 + machine.acceptor.answer_s + 4 * 10 / 9600
    assert again_s - half_heard_s > 0.050


def test_a_line_that_is_cut_says_that_it_does_not_even_echo() -> None:
    machine = Machine(WireKind(loss=1.0))
    with pytest.raises(NoReply, match="not answer") as silent:
        bus_of(machine).ask(2, Header.SIMPLE_POLL, lengths=(0,))
    assert "echo" not in silent.value.sentence  # the bus does not know yet whether this line echoes
    machine = Machine("clean_echo")
    bus = bus_of(machine)
    bus.ask(2, Header.SIMPLE_POLL, lengths=(0,))
    machine.stream.wire.kind = WireKind(loss=1.0)
    with pytest.raises(NoReply, match="did not even echo"):
        bus.ask(2, Header.SIMPLE_POLL, lengths=(0,))


def test_a_refusal_is_told_apart_from_silence(machine: Machine) -> None:
    bus = bus_of(machine)
    with pytest.raises(BadReply, match="refused header 231"):
        bus.ask(2, Header.MODIFY_INHIBITS, b"\1", lengths=(0,))
    assert bus.ask_optional(2, Header.MODIFY_INHIBITS, b"\1", lengths=(0,)) is None


def test_devices_with_either_checksum_share_one_wire() -> None:
    clock = VirtualClock()
    model = CcTalkBusModel([AcceptorModel(address=2), AcceptorModel(address=12, crc=True)])
    stream = MemoryStream(model, clock, WIRES["clean_echo"])
    bus = CcTalkBus(stream, clock, checksums={12: Checksum.CRC})
    for address in (2, 12, 2, 12):
        assert bus.ask(address, Header.REQUEST_MAKER, lengths=(3,)) == b"KFK"
    with pytest.raises(NoReply):
        CcTalkBus(stream, clock).ask(12, Header.REQUEST_MAKER, lengths=(3,))


def test_a_late_answer_is_not_the_answer_to_the_next_question_of_its_kind() -> None:
    # The identification of coin 1 comes 150 ms late, when coin 4 has been asked for.
    machine = Machine("clean")
    machine.acceptor.answer_s = 0.15
    bus = bus_of(machine)
    assert bus.tell_once(2, Header.REQUEST_COIN_ID, b"\1", lengths=(6,), timeout_s=0.01) is None
    assert bus.ask(2, Header.REQUEST_COIN_ID, b"\4", lengths=(6,)) == b"JP500A"


def test_a_late_answer_of_one_device_is_not_the_answer_of_another() -> None:
    machine = Machine("clean")
    for hopper in machine.hoppers.values():
        hopper.answer_s = 0.15
    machine.hoppers[10].paid = 9
    bus = bus_of(machine)
    assert bus.tell_once(3, Header.REQUEST_PAYOUT_STATUS, lengths=(4,), timeout_s=0.01) is None
    assert bus.tell_once(5, Header.REQUEST_PAYOUT_STATUS, lengths=(4,)) is not None
    assert bus.tell_once(3, Header.REQUEST_PAYOUT_STATUS, lengths=(4,), timeout_s=0.01) is None
    status = bus.tell_once(5, Header.REQUEST_PAYOUT_STATUS, lengths=(4,))
    assert status is not None
    assert (status.source, status.data) == (5, bytes(4))


def test_an_answer_that_comes_twice_does_not_shift_those_behind_it() -> None:
    machine = Machine("clean")
    bus = bus_of(machine)
    expected = [b"JP010A", b"JP050A", b"JP100A", b"JP500A", b"JP500B"]
    for doubled in range(1, 6):
        heard = []
        for position in range(1, 6):
            if position == doubled:
                machine.model.fault("double_reply")
                machine.model.fault("double_reply")
            heard.append(bus.ask_proven(2, Header.REQUEST_COIN_ID, bytes((position,)), lengths=(6,)))
        assert heard == expected


class TwoFaced(AcceptorModel):
    """Gives wrong serial numbers with a right checksum in between, as by two flipped bits that cancel out."""

    asked = 0

    def command(self, header: int, data: bytes, now_s: float) -> Answer | None:
        self.asked += 1
        if header == 242 and self.asked in {1, 2, 4}:
            return Answer(bytes((self.asked, 0, 0)))
        return super().command(header, data, now_s)


def test_ask_steady_needs_two_equal_answers_in_a_row() -> None:
    clock = VirtualClock()
    acceptor = TwoFaced()
    bus = CcTalkBus(MemoryStream(CcTalkBusModel([acceptor]), clock), clock)
    assert bus.ask_steady(2, Header.REQUEST_SERIAL, lengths=(3,)) == bytes.fromhex("b3a201")
    assert acceptor.asked == 6


def test_a_lost_port_is_not_silence(machine: Machine) -> None:
    bus = bus_of(machine)
    machine.stream.hang_up()
    with pytest.raises(LineLost):
        bus.ask(2, Header.SIMPLE_POLL, lengths=(0,))
    machine.stream.plug_in()
    assert bus.ask(2, Header.SIMPLE_POLL, lengths=(0,)) == b""


def test_a_babbling_line_does_not_hang_the_host() -> None:
    class Babbler:
        def receive(self, data: bytes, now_s: float) -> None: ...

        def transmit(self, now_s: float) -> bytes:
            return b"\x55"

        def wake_at(self) -> float | None:
            return clock.monotonic() + 0.002

    clock = VirtualClock()
    bus = CcTalkBus(MemoryStream(Babbler(), clock), clock)
    with pytest.raises(NoReply):
        bus.ask(2, Header.SIMPLE_POLL, lengths=(0,))
