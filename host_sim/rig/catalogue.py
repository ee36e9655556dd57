"""The fault catalogue: every row of FAULTS.md beside this file, and how it is made to happen in the swarm.

A row is a function that prepares its fault in one session; the swarm counts the row when the fault really happens. Rows that
the swarm cannot make happen, because it has no TLS, database, settings or update, are in `ELSEWHERE` with the test that does.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np

from firmware.session import scenes as show
from host_sim.adapters.disk import Tail
from host_sim.models.card_reader import CardReaderModel
from host_sim.models.pulse_acceptor import PulseAcceptorModel
from host_sim.rig.machine import COUNTER, RigMachine
from host_sim.rig.people import Person
from host_sim.rig.world import JST


class Trouble(Protocol):
    """What a row needs of the life it happens in (`swarm.Life`).

    The row is counted when `act` is done. Where `act` only lays a fault, `told` is the name by which the world tells that it
    happened (`RigWorld.at_fault`), and the row is counted then.
    """

    machine: RigMachine
    person: Person

    def chance(self, low: int, high: int) -> int: ...

    def one_of(self, words: str) -> str:
        """One of the words of a sentence, chosen by the seed."""
        ...

    def now(self, act: Callable[[], object], *, told: str = "") -> None:
        """Do it before the resident comes."""
        ...

    def soon(self, act: Callable[[], object], within_s: float = 10.0, *, told: str = "") -> None:
        """Do it at an instant of the session, within so many seconds, chosen by the seed."""
        ...

    def when(self, point: str, act: Callable[[], object], among: int = 1, *, told: str = "") -> None:
        """Do it at one of the first `among` points whose name matches the regular expression `point`."""
        ...

    def at_scene(self, scene: type[show.Scene], act: Callable[[], object], *, told: str = "") -> None:
        """Do it when this scene is first shown."""
        ...

    def other_card(self) -> None:
        """Another card takes the place of the one in the reader."""
        ...


Row = Callable[[Trouble], None]
ROWS: dict[str, tuple[str, Row]] = {}
OF_A_LIFE = {
    "N13": "claim paid at the city's desk",
    "A7": "noisy coin line",
    "B3": "one frame in ten of the I/O board is lost",
    "P3": "keys that chatter for up to 30 ms",
    "R6": "writes taken in pieces",
    "K1": "noise on the technician's line",
    "K3": "a technician wants maintenance while a resident is served",
    "K4": "two people let a hopper pay",
}
# What only one kind of acceptor can do; in a life with the other kind these rows do nothing.
OF_PULSES = frozenset({"M2", "W1", "W2", "W3"})
OF_BOARD = frozenset({"B1", "B2"})  # need an I/O board
OF_CCTALK = frozenset({"A3", "A6", "A9", "M1"})
ELSEWHERE = {
    "B4": "tests/sessions/test_board_console.py",
    "M4": "tests/unit/centre/test_settling.py (the rig's centre pays no claims)",
    "W5": "tests/sessions/test_board_console.py (a technician's tests)",
    "W4": "tests/sessions/test_wires.py (the rig's pins are no wires)",
    "N6": "tests/unit/line (messages and fields: size, depth, UTF-8, NaN, double keys)",
    "N7": "tests/process/test_line_servers.py (wrong host, key, version, expiry)",
    "P5": "tests/sessions/test_keypad.py, tests/contract/test_pin_failures.py",
    "K2": "tests/unit/console, tests/process/test_console_pty.py",
    "K5": "tests/sessions/test_settings.py, tests/process/test_console_pty.py",
    "J1": "tests/sessions/test_witness.py, tests/unit/journal/test_edited.py",
    "J2": "tests/sessions/test_witness.py, tests/unit/centre/test_witness.py",
    "J3": "tests/unit/journal/test_edited.py, tests/sessions/test_witness.py",
    "E1": "tests/sessions/test_ends.py, tests/process/test_ends.py",
    "E2": "tests/sessions/test_ends.py, tests/process/test_ends.py",
    "E3": "tests/unit/console/test_cable.py",
    "U2": "tests/unit/update/test_slots.py, tests/sessions/test_updates.py",
    "U3": "tests/unit/update/test_hostile.py",
    "G1": "tests/unit/centre/test_machines.py, tests/process/test_limits.py",
    "G2": "tests/unit/centre/test_machines.py",
    "G3": "tests/unit/centre/test_alarms.py",
    "G4": "tests/process/test_limits.py, tests/unit/centre/test_hostile.py, tests/unit/centre/test_lanes.py",
    "L1": "tests/process/test_carving.py",
    "U1": "tests/unit/update, tests/sessions/test_updates.py, tests/process/test_launch.py",
}


def row(code: str, words: str) -> Callable[[Row], Row]:
    def add(make: Row) -> Row:
        ROWS[code] = (words, make)
        return make

    return add


# --- card and keys ----------------------------------------------------------------------------------


@row("C1", "card pulled at some APDU")
def _(life: Trouble) -> None:
    chip, at = life.person.card.chip, life.chance(1, 14)
    life.now(lambda: chip.fail("pulled", at=at, acts=life.chance(0, 1) == 1), told="card pulled")


@row("C2", "another card in the same session")
def _(life: Trouble) -> None:
    life.at_scene(show.EnterPin, life.other_card)


@row("C3", "the reader vanishes and returns")
def _(life: Trouble) -> None:
    def unplug() -> None:
        life.machine.reader.unplug()
        life.machine.clock.after(float(life.one_of("0.1 5 60")), life.machine.reader.plug_in)

    life.soon(unplug)


@row("C4", "the card answers what it must not")
def _(life: Trouble) -> None:
    chip, at, name = life.person.card.chip, life.chance(1, 14), life.one_of("status cut long garbage empty label")
    word = int(life.one_of("6982 6983 6984 63c0 63c1 6a82 6f00 6700"), 16)
    life.now(lambda: chip.fail(name, at=at, word=word), told=f"card {name}")


@row("C5", "the card is slow or mute")
def _(life: Trouble) -> None:
    chip, at, name = life.person.card.chip, life.chance(1, 14), life.one_of("slow mute")
    life.now(lambda: chip.fail(name, at=at, seconds=12.0), told=f"card {name}")


@row("C6", "another program holds the card")
def _(life: Trouble) -> None:
    held = CardReaderModel(held_power_ups=int(life.one_of("1 4 1000")))
    life.now(lambda: life.machine.reader.trouble(held), told="reader")


@row("C7", "a reader that cannot carry 256 bytes")
def _(life: Trouble) -> None:
    short = CardReaderModel(answer_max=int(life.one_of("16 60 128 244 255")))
    life.now(lambda: life.machine.reader.trouble(short), told="reader")


@row("C8", "a power-up fails, or one exchange in so many")
def _(life: Trouble) -> None:
    lost = life.chance(0, 1) == 1
    bad = CardReaderModel(power_ups_fail=life.chance(0, 2), fails_every=life.chance(2, 24), answer_lost=lost)
    life.now(lambda: life.machine.reader.trouble(bad), told="reader")


@row("P1", "a key sticks")
def _(life: Trouble) -> None:
    def jam() -> None:
        life.machine.keys.jam(life.one_of("1 5 cancel enter"), life.machine.clock.monotonic())
        life.machine.crew.nudge("keypad")

    life.soon(jam)


@row("P2", "three corners pressed, a fourth key seems down")
def _(life: Trouble) -> None:
    def press() -> None:
        for key in ("1", "2", "4"):
            life.machine.tap(key, life.machine.clock.monotonic(), hold_s=0.3)

    life.soon(press)


@row("P4", "wrong PIN, then right")
def _(life: Trouble) -> None:
    life.now(lambda: life.person.enter_wrong_first(times=life.chance(1, 2)), told="person types a wrong PIN")


# --- coins in ---------------------------------------------------------------------------------------


def _pulses(life: Trouble) -> PulseAcceptorModel | None:
    """The acceptor, where it is one that counts in pulses."""
    acceptor = life.machine.acceptor
    return acceptor if isinstance(acceptor, PulseAcceptorModel) else None


def _wire(life: Trouble) -> PulseAcceptorModel | None:
    """The same, where a machine listens to it."""
    return None if life.machine.site is COUNTER else _pulses(life)


def _acceptor(life: Trouble, *faults: str) -> None:
    fault = life.one_of(" ".join(faults))

    def strike() -> None:
        life.machine.acceptor.fault(fault, life.machine.clock.monotonic())

    life.at_scene(show.Pay, strike, told=f"acceptor {fault}")


@row("A1", "a coin jams")
def _(life: Trouble) -> None:
    _acceptor(life, "jam" if _pulses(life) is None else "stuck")


@row("A2", "several coins between two polls")
def _(life: Trouble) -> None:
    life.now(lambda: life.person.pay_with((100, 10, 50, 100, 500), apart_s=0.05), told="person paid")


@row("A3", "more events than the buffer holds")
def _(life: Trouble) -> None:
    if _pulses(life) is None:
        life.when(
            "coin in", lambda: life.machine.acceptor.fault("burst_noise", life.machine.clock.monotonic()), among=2
        )


@row("A4", "the acceptor restarts")
def _(life: Trouble) -> None:
    life.when("coin in", life.machine.restart_acceptor, among=2)


@row("A5", "a coin after the fee")
def _(life: Trouble) -> None:
    life.now(lambda: life.person.pay_with((*life.person.coins, 100, 50), apart_s=0.12), told="person paid")


@row("A6", "string, light, unknown code, foreign coin")
def _(life: Trouble) -> None:
    if _pulses(life) is None:
        _acceptor(life, "string", "light", "unknown_code", "swallow")


@row("A8", "the host stops for 1.5 s")
def _(life: Trouble) -> None:
    life.when("coin in", lambda: life.machine.clock.after(0.01, lambda: life.machine.clock.advance(1.5)))


@row("A9", "another acceptor stands there")
def _(life: Trouble) -> None:
    if _pulses(life) is None:
        life.now(lambda: life.machine.acceptor.fault("swapped", life.machine.clock.monotonic()))


@row("A10", "the acceptor restarts at each coin")
def _(life: Trouble) -> None:
    _acceptor(life, "weak_supply")


@row("M1", "credits without coins")
def _(life: Trouble) -> None:
    machine, times, played = life.machine, life.chance(1, 3), life.chance(0, 3) == 0
    if _pulses(life) is not None:  # nothing counts beside its credits: M2
        return

    def forge() -> None:
        now_s = machine.clock.monotonic()
        if played:  # the forger lets it look as if the acceptor had restarted
            machine.acceptor.fault("reset", now_s)
        for number in range(times):
            at_s = now_s + 0.5 + number * 0.3
            machine.clock.at(at_s, lambda: machine.acceptor.fault("forged", machine.clock.monotonic()))

    if life.chance(0, 1):
        life.person.gives_up_after_s = 2.0
    life.at_scene(show.Pay, forge, told="acceptor forged")


@row("M2", "credits without coins, and no count beside them")
def _(life: Trouble) -> None:
    pulses, clock, times = _wire(life), life.machine.clock, life.chance(1, 3)
    if pulses is None:
        return

    def forge() -> None:
        for number in range(times):
            clock.after(0.5 + number * 0.3, lambda: pulses.fault("forged", clock.monotonic()))

    if life.chance(0, 1):
        life.person.gives_up_after_s = 2.0
    life.at_scene(show.Pay, forge, told="acceptor forged")


@row("M3", "coins are put in and taken back")
def _(life: Trouble) -> None:
    def pay() -> None:
        life.person.gives_up_after_s = 0.5
        life.person.pay_with((100, 50), apart_s=0.3)

    life.now(pay, told="person gives up")


# --- the wire of a pulse acceptor -------------------------------------------------------------------


@row("W1", "pulses of another width")
def _(life: Trouble) -> None:
    pulses, clock = _wire(life), life.machine.clock
    if pulses is None:
        return

    def move() -> None:
        pulses.fault("switched", clock.monotonic())

    if life.chance(0, 1):
        life.now(move, told="acceptor switched")
    else:
        life.when("coin in", move, told="acceptor switched")


@row("W2", "coins come while the slot is shut")
def _(life: Trouble) -> None:
    pulses, machine, times = _wire(life), life.machine, life.chance(1, 8)
    if pulses is None:
        return

    def drop() -> None:
        pulses.fault("inhibit cut", machine.clock.monotonic())
        for number in range(times):
            machine.drop(100, machine.clock.monotonic() + 0.3 * number)

    life.soon(drop, within_s=20.0, told="acceptor inhibit cut")


@row("W3", "pulses and spikes for which no coin comes")
def _(life: Trouble) -> None:
    pulses, clock, times, apart_s = _wire(life), life.machine.clock, life.chance(1, 60), life.chance(1, 20) / 10
    if pulses is None:
        return

    def touch() -> None:
        for number in range(times):
            clock.after(number * apart_s, lambda: pulses.fault("static", clock.monotonic()))

    life.soon(touch, within_s=15.0, told="acceptor static")


# --- the I/O board ----------------------------------------------------------------------------------


def _at_board(life: Trouble, act: Callable[[], None], told: str) -> None:
    """At some instant of the session, or while coins come."""
    if life.machine.board is None:
        return
    if life.chance(0, 1):
        life.soon(act, within_s=30.0, told=told)
    else:
        delay_s = life.chance(0, 40) / 10
        life.at_scene(show.Pay, lambda: life.machine.clock.after(delay_s, act), told=told)


@row("B1", "the I/O board starts anew")
def _(life: Trouble) -> None:
    _at_board(life, life.machine.reset_board, "board reset")


@row("B2", "the I/O board's cable is pulled and put in again")
def _(life: Trouble) -> None:
    after_s, power = float(life.one_of("0.1 0.7 5 60")), life.chance(0, 1) == 1
    _at_board(life, lambda: life.machine.replug_board(after_s, power=power), "board replug")


# --- coins out --------------------------------------------------------------------------------------


def _hopper(life: Trouble, fault: str, *, point: str = "coin out") -> None:
    def strike() -> None:
        busiest = max(life.machine.hoppers.values(), key=lambda hopper: hopper.still_to_pay)
        busiest.fault(fault, life.machine.clock.monotonic())

    life.when(point, strike, among=2, told=f"hopper {fault}")


@row("H1", "a hopper runs empty while paying")
def _(life: Trouble) -> None:
    _hopper(life, "empty")


@row("H2", "a hopper jams or draws too much")
def _(life: Trouble) -> None:
    _hopper(life, life.one_of("jam over_current"))


@row("H3", "a hopper loses its power while paying, or its counters")
def _(life: Trouble) -> None:
    _hopper(life, life.one_of("power_loss power_loss nv_error"))


@row("H4", "the answer to dispense is lost, or is NAK")
def _(life: Trouble) -> None:
    def refuse() -> None:
        for hopper in life.machine.hoppers.values():
            hopper.fault("nak", life.machine.clock.monotonic())

    if life.chance(0, 1):
        life.at_scene(show.Pay, lambda: life.machine.bus.fault("lost_reply", header=167), told="bus lost_reply")
    else:
        life.at_scene(show.Pay, refuse, told="hopper nak")


@row("H5", "a coin after the emergency stop")
def _(life: Trouble) -> None:
    def strike() -> None:
        for hopper in life.machine.hoppers.values():
            hopper.fault("stuck_busy", life.machine.clock.monotonic())
            hopper.fault("late_coin", life.machine.clock.monotonic())

    life.at_scene(show.Pay, strike, told="hopper late_coin")


@row("H8", "a hopper says that all is well and pays nothing")
def _(life: Trouble) -> None:
    value = int(life.one_of("10 50 100 500"))

    def stop_paying() -> None:
        for yen, hopper in life.machine.hoppers.items():
            if yen != value:
                hopper.fault("pays_nothing", life.machine.clock.monotonic())

    life.now(stop_paying, told="hopper pays_nothing")


@row("H9", "a hopper asks for a PIN")
def _(life: Trouble) -> None:
    hopper = life.machine.hoppers[int(life.one_of("10 50 100 500"))]
    life.soon(lambda: hopper.fault("pin_locked", life.machine.clock.monotonic()))


@row("H6", "a coin comes out without a command")
def _(life: Trouble) -> None:
    life.now(life.machine.phantom_coin)


@row("H7", "too little change")
def _(life: Trouble) -> None:
    def empty() -> None:
        for value, hopper in life.machine.hoppers.items():
            if value != int(life.one_of("10 50 100 500")):
                hopper.fault("empty", life.machine.clock.monotonic())

    life.now(empty)


# --- paper ------------------------------------------------------------------------------------------


def _printer(life: Trouble, fault: str, *, low: int = 0) -> None:
    """Make this printer fault happen at a byte of the next page, chosen by the seed; `low`: the first one allowed."""

    def lay() -> None:
        life.machine.printer.fail(fault, life.chance(low, 8500))

    life.at_scene(show.Pay, lay, told=f"printer {fault}")


@row("R1", "no paper before the page, or a hot head")
def _(life: Trouble) -> None:
    life.now(life.machine.printer.paper_out if life.chance(0, 1) else life.machine.printer.overheat)


@row("R2", "the roll ends in the page")
def _(life: Trouble) -> None:
    _printer(life, "paper_out")


@row("R3", "the cover is opened in the page")
def _(life: Trouble) -> None:
    _printer(life, "cover_open")


@row("R4", "the cutter sticks after the page")
def _(life: Trouble) -> None:
    _printer(life, "cutter")


@row("R5", "the printer's port goes and comes back")
def _(life: Trouble) -> None:
    def unplug() -> None:
        stream = life.machine.stream_of("printer")
        stream.hang_up()
        life.machine.clock.after(float(life.chance(1, 4)), stream.plug_in)

    life.when("dots", unplug, among=3)


@row("R7", "the printer's answer is lost, or comes twice")
def _(life: Trouble) -> None:
    _printer(life, life.one_of("lose_reply double_reply"))


@row("R8", "a piece of an earlier job lies in the printer's memory")
def _(life: Trouble) -> None:
    life.when("dots", lambda: life.machine.die(None), among=3)  # the process ends during the page; the printer stays on


@row("R9", "the paper is not taken")
def _(life: Trouble) -> None:
    life.at_scene(show.TakePaper, lambda: None)
    life.person.leaves_paper = True


@row("R10", "the printer loses its power in the page, and cuts by itself when it is back")
def _(life: Trouble) -> None:
    printer, clock = life.machine.printer, life.machine.clock

    def cut_power() -> None:
        printer.behave(cuts_at_power_on=True)
        printer.power_off(clock.monotonic())
        clock.after(2.0, lambda: printer.power_on(clock.monotonic()))

    life.when("dots", cut_power, among=3)


def _soil(life: Trouble) -> None:
    """Somebody pulls at the paper under an open cover: 40 rows and a stain lie in the path."""
    life.machine.printer.path.burn(np.ones((40, 60), dtype=np.bool_))
    life.machine.printer.path.feed(40)
    life.machine.printer.counters.rows += 40


@row("R11", "a piece lies in the path of a printer that cuts off no thin strips")
def _(life: Trouble) -> None:
    def soil() -> None:
        life.machine.printer.behave(shortest_cut_mm=10.0)
        _soil(life)

    life.now(soil)


@row("R12", "the printer draws its paper back by less than the profile says")
def _(life: Trouble) -> None:
    printer = life.machine.printer
    feeds_itself = printer.machine.head_to_cutter_mm == 0.0  # GS V feeds to the cutter, wherever that is
    settings = {"head_to_cutter_mm": 24.0, "draws_back_mm": 9.0} if feeds_itself else {"draws_back_mm": 0.0}
    life.now(lambda: printer.behave(**settings))


@row("R13", "another program writes to the printer's port")
def _(life: Trouble) -> None:
    words = b"ATZ AT+GCAP\n\n"
    life.now(lambda: life.machine.printer.receive(words, life.machine.clock.monotonic()))


@row("R14", "something lies in the path after a loss while idle")
def _(life: Trouble) -> None:
    def open_cover() -> None:
        printer, clock = life.machine.printer, life.machine.clock
        printer.open_cover(clock.monotonic())
        _soil(life)
        clock.after(float(life.one_of("0.2 1 5")), lambda: printer.close_cover(clock.monotonic()))

    life.now(open_cover)


@row("R15", "the cover is open for 0.2 s in the page")
def _(life: Trouble) -> None:
    printer, clock = life.machine.printer, life.machine.clock

    def open_cover() -> None:
        printer.open_cover(clock.monotonic())
        clock.after(0.2, lambda: printer.close_cover(clock.monotonic()))

    life.when("dots", open_cover, among=3)


# --- line -------------------------------------------------------------------------------------------

CALLS = "challenges authentications requests document issued void claims"


@row("N1", "a message, or its answer, is lost")
def _(life: Trouble) -> None:
    call, fault = life.one_of(CALLS), life.one_of("lost_before lost_after")
    life.when(
        f"line {call} reached",
        lambda: getattr(life.machine.centre.faults, fault).add(call),
        told=f"line {fault}",
    )


@row("N2", "a message arrives twice")
def _(life: Trouble) -> None:
    call = life.one_of(CALLS)
    life.when(f"line {call} reached", lambda: life.machine.centre.faults.doubled.add(call), told="line doubled")


@row("N3", "the centre is slower than any deadline")
def _(life: Trouble) -> None:
    call = life.one_of(CALLS)
    life.when(f"line {call} reached", lambda: life.machine.centre.faults.slow.add(call), told="line slow")


@row("N4", "another person's document")
def _(life: Trouble) -> None:
    def swap() -> None:
        life.machine.centre.faults.foreign_document = True

    life.when("line document reached", swap, told="line foreign_document")


@row("N5", "an earlier answer is played again")
def _(life: Trouble) -> None:
    def replay() -> None:
        life.machine.centre.faults.replayed = True

    life.when("line requests reached", replay, told="line replayed")


@row("N8", "the centre believes another outcome, or refuses to hear ours")
def _(life: Trouble) -> None:
    if life.chance(0, 1):
        life.when("line (issued|void) reached", life.machine.centre.contradict, told="line contradicted")
        return
    call = life.one_of("issued void claims")
    life.when(f"line {call} reached", lambda: life.machine.centre.faults.unwanted.add(call), told="line unwanted")


@row("N9", "the centre is down for a minute")
def _(life: Trouble) -> None:
    def down() -> None:
        life.machine.centre.faults.down = True
        life.machine.clock.after(60.0, lambda: setattr(life.machine.centre.faults, "down", False))

    life.soon(down, within_s=15.0, told="line down")


@row("N10", "the site table is older than the one held, or damaged")
def _(life: Trouble) -> None:
    tables, older = life.machine.centre.tables, life.chance(0, 1)

    def serve() -> None:
        if older:
            tables.older = tables.version
        else:
            tables.change()
            tables.damaged = True

    life.person.comes_after_s = 30.0  # the machine asks for tables only between two residents
    life.now(serve, told="line tables")


@row("N11", "the site table changes, or one that was announced begins")
def _(life: Trouble) -> None:
    tables, announced, closes = life.machine.centre.tables, life.chance(0, 1), life.one_of("22:30 22:45 23:00")

    def change() -> None:
        hours = {"default": {"everyday": f"06:30-{closes}"}}
        if announced and not tables.announced:
            tables.announce(life.machine.true_time() + timedelta(seconds=life.chance(1, 60)), hours=hours)
        else:
            tables.change(hours=hours)

    life.when("line (heartbeats|challenges|requests|document) reached", change, among=3)


@row("N12", "every site table held has ended, and none comes")
def _(life: Trouble) -> None:
    def end() -> None:
        life.machine.centre.tables.renews = False
        life.machine.set_wall(life.machine.true_time() + timedelta(days=life.chance(31, 90)))

    if life.chance(0, 1):
        life.now(end)
    else:
        life.at_scene(show.Pay, end)


@row("S1", "the case is opened")
def _(life: Trouble) -> None:
    machine, shut = life.machine, life.chance(0, 1) == 1

    def opened() -> None:
        machine.move_door(opened=True)
        if shut:
            machine.clock.after(3.0, lambda: machine.move_door(opened=False))

    life.soon(opened, within_s=15.0)


# --- time -------------------------------------------------------------------------------------------


@row("T1", "the wall clock jumps")
def _(life: Trouble) -> None:
    jump = timedelta(hours=float(life.one_of("-1 1 87600")))
    life.soon(lambda: life.machine.jump(jump))


@row("T2", "23:00 in the session")
def _(life: Trouble) -> None:
    today = life.machine.now().replace(hour=22, minute=49, second=50)
    life.machine.set_wall(today)
    at_closing = today.replace(hour=22, minute=59, second=59)
    life.at_scene(show.Pay, lambda: life.machine.set_wall(at_closing))


@row("T3", "midnight, the year's end, a leap day in the session")
def _(life: Trouble) -> None:
    before = datetime.fromisoformat(life.one_of("2026-12-31T23:59:58 2028-02-28T23:59:58 2026-11-24T23:59:58"))
    life.at_scene(show.Pay, lambda: life.machine.set_wall(before.replace(tzinfo=JST)))


# --- medium and power -------------------------------------------------------------------------------


@row("D1", "the medium is full")
def _(life: Trouble) -> None:
    life.now(life.machine.disk.fill)


@row("D2", "a sync fails")
def _(life: Trouble) -> None:
    at, forever = life.chance(1, 12), life.chance(0, 3) == 0
    life.now(lambda: life.machine.disk.fail("sync", at=at, forever=forever), told="disk sync")


@row("D3", "a torn, flipped or shuffled end after a cut")
def _(life: Trouble) -> None:
    tail = Tail(life.one_of("torn flipped shuffled"))
    life.when("disk write after", lambda: life.machine.die(tail, life.chance(0, 99)), among=14)


@row("D4", "the medium turns read-only")
def _(life: Trouble) -> None:
    at = life.chance(1, 12)
    life.now(lambda: life.machine.disk.fail("write", at=at, code=30, forever=True), told="disk write")


@row("X1", "the power goes")
def _(life: Trouble) -> None:
    tail = Tail(life.one_of("dropped kept torn flipped shuffled"))
    life.when(".*", lambda: life.machine.die(tail, life.chance(0, 99)), among=60)
    if life.chance(0, 2) == 0:  # and again, during the start that follows
        life.when(".*", lambda: life.machine.die(tail, life.chance(0, 99)), among=90)


@row("X2", "the process is killed")
def _(life: Trouble) -> None:
    life.when(".*", lambda: life.machine.die(None), among=60)


@row("X3", "the devices lose their power, the machine does not")
def _(life: Trouble) -> None:
    life.soon(life.machine.brown_out, within_s=12.0)
