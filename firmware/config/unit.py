"""The unit file: what this one machine is, and where its devices are. The rules of its site come from the city.

TOML in, frozen tables out. With an unknown key, a missing key or a value out of range the program does not
start; the message names file, key and what is allowed. A file may begin with `extends = "other.toml"`
(relative to itself); its own keys win, table by table. Device paths are relative to the run directory
unless absolute. `hardware/units/` holds the units; `hardware/README.md` explains every key.
"""

from collections.abc import Mapping
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from drivers.coin.pulse import PulseCodes
from drivers.decode import Table, Undecodable, between, read_toml, to_table
from drivers.errors import WrongDevice
from drivers.vocabulary import TUBE_MAX, CardKind
from drivers.wire import Parity, Wire

BOARD_KEYS = 4  # rows, and columns, of the I/O board's key matrix


class UnitError(Exception):
    """The unit file cannot be used; the message is a sentence for the person who wrote it."""


class LineFilesUnusable(UnitError):
    """A certificate, key or pin that the unit file names for the line to the centre is missing or wrong."""


class UpdatesUnusable(UnitError):
    """The release key or the folder of the releases is missing or wrong."""


class AlreadyRunning(UnitError):
    """Another process runs this machine; this one touches no device."""


class Profile(StrEnum):
    """Whose machine it is (city rule 10)."""

    STORE = "store"  # コンビニ
    OFFICE = "office"  # 自動交付機
    COUNTER = "counter"  # カード用証明発行端末


class UnitIdentity(Table, frozen=True, kw_only=True):
    name: str  # the common name of the machine's certificate
    profile: Profile
    place: Mapping[str, str]  # language -> where it stands; both only until the city's site table says it
    telephone: str
    simulated: bool = False  # publishes state.json, reads a clock offset; refused with a production CA (simulated.py)


class CardTable(Table, frozen=True, kw_only=True):
    reader: str  # PC/SC name, or its beginning
    serial: str = ""  # of the reader, as its name has it in brackets; empty: the first reader of that name
    kinds: tuple[CardKind, ...]

    def __post_init__(self) -> None:
        if CardKind.PHONE in self.kinds:
            raise ValueError(
                "kinds has 'phone', which cannot be served: a telephone shows its certificate only after its PIN; take it out"
            )


class Via(StrEnum):
    """Whose pins the wires of a device are on."""

    GPIO = "gpio"  # the computer's own
    IO_BOARD = "io_board"  # those of the board on USB; firmware/io_board/README.md says which


class IoBoardTable(Table, frozen=True, kw_only=True):
    """A board on USB with the wires of every device that says `via = "io_board"`."""

    port: str
    image: str = "/opt/kofuki/io-board.uf2"  # what `make io-board` builds, for `update board`; beside it its .sha256
    drive: str = "/run/io-board-loader"  # where the drive of the board's loader is mounted


class KeypadTable(Table, frozen=True, kw_only=True):
    via: Via = Via.GPIO
    rows: tuple[int, ...] = ()  # BCM numbers; none on the I/O board
    columns: tuple[int, ...] = ()
    keys: tuple[tuple[str, ...], ...]  # Key words, row by row

    def __post_init__(self) -> None:
        _check_pins(self.via, rows=self.rows or None, columns=self.columns or None)
        if self.via is Via.IO_BOARD and any(len(line) > BOARD_KEYS for line in (self.keys, *self.keys)):
            raise ValueError(f"the I/O board has {BOARD_KEYS} rows and {BOARD_KEYS} columns: keys has more")


class HopperTable(Table, frozen=True, kw_only=True):
    address: Annotated[int, between(3, 255)]
    value_yen: Annotated[int, between(1, 500)]
    dispense: Literal["serial", "no_cipher"] = "no_cipher"
    coins: Annotated[int, between(0, TUBE_MAX)] = 0  # loaded when the journal is new


class PulseTable(Table, frozen=True, kw_only=True):
    """An acceptor that counts in pulses on a wire, in the place of one on the ccTalk bus."""

    via: Via = Via.GPIO
    coin_pin: Annotated[int, between(0, 27)] | None = None  # BCM numbers; low is a pulse. None on the I/O board
    inhibit_pin: Annotated[int, between(0, 27)] | None = None  # pulled to ground or left floating, never driven high
    inhibit: Literal["ground", "floating"] = "ground"  # which of them makes this acceptor refuse coins
    pulses: Mapping[str, int]  # value of a coin in yen -> pulses, as the acceptor was taught
    width_s: Annotated[float, between(0.02, 0.1)] = 0.025  # nominal, by the acceptor's speed switch
    end_s: Annotated[float, between(0.2, 2.0)] = 0.35  # the rest that ends a train; longer than any gap inside one

    def __post_init__(self) -> None:
        if not self.pulses or not all(yen.isdecimal() and count > 0 for yen, count in self.pulses.items()):
            raise ValueError("pulses must give each value in yen a number of pulses, like { 10 = 1, 100 = 10 }")
        _check_pins(self.via, coin_pin=self.coin_pin, inhibit_pin=self.inhibit_pin)
        if self.coin_pin is not None and self.coin_pin == self.inhibit_pin:
            raise ValueError("coin_pin and inhibit_pin are the same wire")
        if len(self.codes) < len(self.pulses):
            raise ValueError("pulses gives two coins the same number")
        try:
            PulseCodes(self.codes)
        except WrongDevice as error:
            raise ValueError(error.sentence.rstrip(".")) from None

    @property
    def codes(self) -> Mapping[int, int]:
        """Pulses -> yen."""
        return {count: int(yen) for yen, count in self.pulses.items()}


class CoinTable(Table, frozen=True, kw_only=True):
    """The hoppers' ccTalk bus, and on it the acceptor unless `pulse` names another kind."""

    port: str
    baud: int = 9600
    checksum: Literal["simple", "crc"] = "simple"
    acceptor_address: Annotated[int, between(2, 255)] = 2  # 1 is the machine itself
    acceptor_serial: int | None = None  # the paired device; None: the first one found. A pairing by staff overrides it
    values: Mapping[str, int] = {}  # coin identification -> yen; not used with `pulse`
    pulse: PulseTable | None = None
    # False: coins go into the cash box at once, and a refund pays others out of the hoppers (fault M3).
    escrow: Literal[False] = False
    accepts_yen: tuple[int, ...]
    hoppers: tuple[HopperTable, ...]

    def __post_init__(self) -> None:
        if self.pulse is None and not self.values:
            raise ValueError("values are missing: give each coin identification its value in yen")
        # Two tables with one address would be one hopper with two values; not every hopper can name its coin.
        addresses = [hopper.address for hopper in self.hoppers]
        addresses += [self.acceptor_address] if self.pulse is None else []
        if len(set(addresses)) < len(addresses):
            raise ValueError("two devices have the same address")
        coins = sorted(hopper.value_yen for hopper in self.hoppers)
        if len(set(coins)) < len(coins):
            raise ValueError("two hoppers pay the same coin")
        if any(large % small for small, large in pairwise(coins)):  # change.py needs a chain
            raise ValueError("each hopper's coin must divide every larger one")
        if self.pulse is None:
            return
        if self.acceptor_serial is not None:
            raise ValueError("a pulse acceptor has no serial number: leave out acceptor_serial")
        if set(self.pulse.codes.values()) != set(self.accepts_yen):
            raise ValueError(
                "a pulse acceptor cannot refuse single coins: accepts_yen must list the coins of pulse.pulses"
            )


class PrinterTable(Table, frozen=True, kw_only=True):
    """`baud`, `parity` and `stop_bits` as the printer's switches have them; a printer on USB has none of them."""

    port: str
    profile: str
    baud: int = 115200
    parity: Parity = Parity.NONE
    stop_bits: Literal[1, 2] = 1

    @property
    def wire(self) -> Wire:
        return Wire(self.baud, self.parity, self.stop_bits)


class CertificatePrinterTable(PrinterTable, frozen=True, kw_only=True):
    """The near-end sensor sees the outside of the roll: what it leaves depends on core, paper and where it is fixed."""

    sheets_at_near_end: Annotated[int, between(0, 1000)] = (
        0  # certainly left when it trips, as measured here; 0: not measured
    )


class ScreenTable(Table, frozen=True, kw_only=True):
    path: str
    pixels: Literal["bgrx", "rgb565"] = "bgrx"
    glass: Literal["800x480", "1280x800"] = "800x480"  # pixels across and down: 7 inch, or 10 inch

    @property
    def size(self) -> tuple[int, int]:
        width, height = self.glass.split("x")
        return int(width), int(height)


class ClerkTable(Table, frozen=True, kw_only=True):
    """The clerk's side of a counter terminal: a second key matrix and a second glass."""

    keypad: KeypadTable
    screen: ScreenTable

    def __post_init__(self) -> None:
        if any(word == "language" for row in self.keypad.keys for word in row):
            raise ValueError("keypad.keys must have no language key: the language is the resident's")


class CentreTable(Table, frozen=True, kw_only=True):
    host: str
    port: Annotated[int, between(1, 65535)]
    ca_file: str
    server_spki_sha256: str  # hex, or the path of a file that holds it
    client_certificate: str
    client_key: str
    manifest_key: str  # Ed25519 public, hex, or the path of a file that holds it
    deadline_s: Annotated[float, between(0.5, 60)] = 8.0
    heartbeat_s: Annotated[float, between(1, 600)] = 20.0


class JournalTable(Table, frozen=True, kw_only=True):
    second: str | None = None  # a folder on another medium that keeps a second copy; it must exist


class ConsoleTable(Table, frozen=True, kw_only=True):
    port: str
    baud: int = 115200
    users: str = "console-users.toml"  # accounts; only root writes them (firmware/console/README.md)


class DoorTable(Table, frozen=True, kw_only=True):
    via: Via = Via.GPIO
    pin: Annotated[int, between(0, 27)] | None = (
        None  # BCM number of the contact, closed to ground while the case is shut
    )

    def __post_init__(self) -> None:
        _check_pins(self.via, pin=self.pin)


class SpeakerTable(Table, frozen=True, kw_only=True):
    """A loudspeaker with an earphone's socket, which turns the loudspeaker off while a plug is in."""

    device: str  # as `aplay -L` lists it, "plughw:CARD=Device"; or by its USB socket, "/dev/snd/by-path/..."
    earphone_pin: Annotated[int, between(0, 27)] | None = (
        None  # BCM number of the socket's switch, closed to ground while a plug is in; None: a plug is never noticed
    )
    aloud: bool = False  # True: what is not private is said by the loudspeaker, too; False: it has only the tones
    volume: Annotated[int, between(1, 10)] = 7  # each session begins with it; a step is 3 dB
    locating_s: Annotated[float, between(0, 60)] = 0.0  # between two short tones of an idle machine; 0: none
    voices: str = "/opt/kofuki/voices"  # made by hardware/voices.sh

    def __post_init__(self) -> None:
        if 0 < self.locating_s < 2:
            raise ValueError("locating_s is below 2: a tone more often than that is an alarm; write 2 or more, or 0")


class UpdateTable(Table, frozen=True, kw_only=True):
    slots: str  # a folder that only launcher and program use (firmware/update/README.md)
    key: str  # a file with the public release key in hex
    bundle: str = "release.kofuki"  # where root puts a release to install


class Timeouts(Table, frozen=True, kw_only=True):
    """Seconds without input before the machine acts; the last `countdown_s` of them are shown."""

    pin_s: Annotated[float, between(5, 300)] = 45.0
    menu_s: Annotated[float, between(5, 600)] = 60.0
    pay_s: Annotated[float, between(5, 600)] = 90.0
    take_card_s: Annotated[float, between(5, 300)] = 20.0
    take_paper_s: Annotated[float, between(5, 300)] = 30.0
    sorry_s: Annotated[float, between(3, 300)] = 25.0
    done_s: Annotated[float, between(1, 60)] = 6.0
    session_s: Annotated[float, between(60, 1800)] = 600.0  # the longest session; decides the last admission
    countdown_s: Annotated[float, between(3, 60)] = 15.0


class Unit(Table, frozen=True, kw_only=True):
    unit: UnitIdentity
    card: CardTable
    io_board: IoBoardTable | None = None
    keypad: KeypadTable
    clerk: ClerkTable | None = None  # these two: a counter terminal has the first and every other machine the second
    coin: CoinTable | None = None
    printer: CertificatePrinterTable
    receipt_printer: PrinterTable
    screen: ScreenTable
    centre: CentreTable
    journal: JournalTable = JournalTable()
    console: ConsoleTable | None = None
    door: DoorTable | None = None
    speaker: SpeakerTable | None = None
    update: UpdateTable | None = None
    timeouts: Timeouts = Timeouts()

    def __post_init__(self) -> None:
        _check_board(self)
        if self.unit.profile is Profile.COUNTER:
            if self.coin is not None:
                raise ValueError(
                    "coin: a counter terminal has no coin devices, its clerk takes the fee; remove the table"
                )
            if self.clerk is None:
                raise ValueError("clerk is missing: a counter terminal needs the clerk's keys and glass")
            _check_apart(self.keypad, self.clerk)
        elif self.coin is None:
            raise ValueError(
                f"coin is missing: only a counter terminal has no coin devices, and this is {self.unit.profile}"
            )
        elif self.clerk is not None:
            raise ValueError(f"clerk: only a counter terminal has a clerk's side, and this is {self.unit.profile}")


def _check_pins(via: Via, **pins: object) -> None:
    """On the computer's own pins each must be named; the board's are what they are, so that a number would mean nothing."""
    for name, value in pins.items():
        if via is Via.GPIO and value is None:
            raise ValueError(
                f'the key {name!r} is missing; or write via = "io_board" where the wires are on the I/O board'
            )
        if via is Via.IO_BOARD and value is not None:
            raise ValueError(f'with via = "io_board" the wires are on the board\'s own pins: remove {name}')


def _check_board(unit: Unit) -> None:
    """Whether the devices on the board and the board fit together."""
    pulse = None if unit.coin is None else unit.coin.pulse
    clerk = None if unit.clerk is None else unit.clerk.keypad
    tables = {"keypad": unit.keypad, "clerk.keypad": clerk, "door": unit.door, "coin.pulse": pulse}
    on_it = [name for name, table in tables.items() if table is not None and table.via is Via.IO_BOARD]
    if {"keypad", "clerk.keypad"}.issubset(on_it):
        raise ValueError(
            "clerk.keypad.via and keypad.via are 'io_board': the board has one key matrix; name GPIO pins at one of them"
        )
    if unit.io_board is None and on_it:
        raise ValueError(f"{on_it[0]}.via is 'io_board', and the file names no board: add [io_board] with its port")
    if unit.io_board is not None and not on_it:
        raise ValueError(
            'io_board: nothing is on it; write via = "io_board" at a keypad, door or coin.pulse, or remove it'
        )
    if on_it == ["coin.pulse"]:  # the coin desk asks too seldom: the board would hold the machine for silent
        raise ValueError(
            "coin.pulse.via is 'io_board': put the keypad or the door on the board, too, which are asked often"
        )


def _check_apart(keypad: KeypadTable, clerk: ClerkTable) -> None:
    """A wire that both matrices had would let a clerk's key pass for the resident's."""
    if {*keypad.rows, *keypad.columns} & {*clerk.keypad.rows, *clerk.keypad.columns}:
        raise ValueError("clerk.keypad and keypad have a wire in common; each needs pins of its own")


def load_unit(path: Path, over: Mapping[str, Any] | None = None) -> Unit:
    """Read a unit file and those it extends; `over` wins, table by table. Raises `UnitError` with one sentence."""
    table = merged(_read(path, seen=()), dict(over or {}))
    try:
        return to_table(Unit, table)
    except Undecodable as error:
        raise UnitError(f"{path.name}: {error}") from None


def _read(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path in seen:
        raise UnitError(f"{path.name} extends itself")
    try:
        table = read_toml(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnitError(f"there is no unit file {path}") from None
    except OSError as error:
        raise UnitError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UnitError(f"{path.name} is not written in UTF-8: {error}") from None
    except Undecodable as error:
        raise UnitError(f"{path.name}: {error}") from None
    base = table.pop("extends", None)
    if base is None:
        return table
    if not isinstance(base, str):
        raise UnitError(f"{path.name}: extends must name a file")
    return merged(_read((path.parent / base).resolve(), (*seen, path)), table)


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Both, table by table; `over` wins."""
    both = dict(base)
    for key, value in over.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both
