"""The unit file: what this one machine is, where its devices are, and the rules of its site.

TOML in, frozen dataclasses out. A key that nobody reads, a missing key or a value out of range refuses to
start, and the sentence names file, key and what is allowed. A file may begin with `extends = "other.toml"`
(relative to itself); its own keys win, table by table. Device paths are relative to the run directory
unless absolute. `hardware/units/` holds the units; `hardware/README.md` explains every key.
"""

import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from drivers.coin.pulse import PulseCodes
from drivers.errors import WrongDevice
from drivers.vocabulary import CardKind
from firmware.money.change import TUBE_MAX


class UnitError(Exception):
    """The unit file cannot be used; the message is a sentence for the person who wrote it."""


class Profile(StrEnum):
    """Whose machine it is (city rule 10)."""

    STORE = "store"  # コンビニ
    OFFICE = "office"  # 自動交付機
    COUNTER = "counter"  # カード用証明発行端末


def _between(low: float, high: float, default: Any = MISSING) -> Any:
    metadata = {"low": low, "high": high}
    return field(metadata=metadata) if default is MISSING else field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitIdentity:
    name: str  # the common name of the machine's certificate
    profile: Profile
    place: Mapping[str, str]  # language -> where it stands, printed on the receipt
    telephone: str
    simulated: bool = False  # publishes state.json, reads a clock offset; refused with a production CA


@dataclass(frozen=True, slots=True, kw_only=True)
class CardSettings:
    reader: str  # PC/SC name, or its beginning
    kinds: tuple[CardKind, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeypadSettings:
    rows: tuple[int, ...]  # BCM numbers
    columns: tuple[int, ...]
    keys: tuple[tuple[str, ...], ...]  # Key words, row by row


@dataclass(frozen=True, slots=True, kw_only=True)
class HopperSettings:
    address: int = _between(3, 255)
    value_yen: int = _between(1, 500)
    dispense: Literal["serial", "no_cipher"] = "no_cipher"
    coins: int = _between(0, TUBE_MAX, 0)  # loaded when the journal is new


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseSettings:
    """An acceptor that counts in pulses on a GPIO wire, in the place of one on the ccTalk bus."""

    coin_pin: int = _between(0, 27)  # BCM numbers; low is a pulse
    inhibit_pin: int = _between(0, 27)  # pulled to ground to refuse coins, never driven high
    pulses: Mapping[str, int]  # value of a coin in yen -> pulses, as the acceptor was taught
    width_s: float = _between(0.02, 0.1, 0.025)  # nominal, by the acceptor's speed switch
    end_s: float = _between(0.2, 2.0, 0.35)  # the rest that ends a train; longer than any gap inside one

    def __post_init__(self) -> None:
        if not self.pulses or not all(yen.isdecimal() and count > 0 for yen, count in self.pulses.items()):
            raise ValueError("pulses must give each value in yen a number of pulses, like { 10 = 1, 100 = 10 }")
        if self.coin_pin == self.inhibit_pin:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CoinSettings:
    """The hoppers' ccTalk bus, and on it the acceptor unless `pulse` names another kind."""

    port: str
    baud: int = 9600
    checksum: Literal["simple", "crc"] = "simple"
    acceptor_address: int = _between(2, 255, 2)  # 1 is the machine itself
    acceptor_serial: int | None = None  # the paired device; None pairs with the first seen; a pairing by staff wins
    values: Mapping[str, int] = field(default_factory=dict)  # coin identification -> yen; of no use with `pulse`
    pulse: PulseSettings | None = None
    accepts_yen: tuple[int, ...]
    hoppers: tuple[HopperSettings, ...]

    def __post_init__(self) -> None:
        if self.pulse is None and not self.values:
            raise ValueError("values are missing: which coin identification is worth how much")
        # A hopper that does not name its coin would pay as two, and nobody would notice.
        addresses = [hopper.address for hopper in self.hoppers]
        addresses += [self.acceptor_address] if self.pulse is None else []
        if len(set(addresses)) < len(addresses):
            raise ValueError("two devices have the same address")
        coins = sorted(hopper.value_yen for hopper in self.hoppers)
        if len(set(coins)) < len(coins):
            raise ValueError("two hoppers pay the same coin")
        if any(large % small for small, large in pairwise(coins)):  # what can be paid is reckoned on a chain
            raise ValueError("each hopper's coin must divide every larger one")
        if self.pulse is None:
            return
        if self.acceptor_serial is not None:
            raise ValueError("a pulse acceptor has no serial number: acceptor_serial and pulse exclude each other")
        if set(self.pulse.codes.values()) != set(self.accepts_yen):
            raise ValueError("a pulse acceptor cannot refuse single coins: accepts_yen must be what pulse.pulses has")


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterSettings:
    port: str
    profile: str
    baud: int = 115200


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePrinterSettings(PrinterSettings):
    """The near-end sensor sees the outside of the roll: what it leaves depends on core, paper and where it is fixed."""

    sheets_at_near_end: int = _between(0, 1000, 0)  # surely left when it trips, as measured here; 0: not measured


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenSettings:
    path: str
    pixels: Literal["bgrx", "rgb565"] = "bgrx"


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreSettings:
    host: str
    port: int = _between(1, 65535)
    ca_file: str
    server_spki_sha256: str  # hex, or the path of a file that holds it
    client_certificate: str
    client_key: str
    manifest_key: str  # Ed25519 public, hex, or the path of a file that holds it
    deadline_s: float = _between(0.5, 60, 8.0)
    heartbeat_s: float = _between(1, 600, 20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSettings:
    second: str | None = None  # a folder on another medium that keeps a second copy; it must be there


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleSettings:
    port: str
    baud: int = 115200
    users: str = "console-users.toml"  # accounts: root writes, we read; see firmware/console/README.md


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    pin: int = _between(0, 27)  # BCM number of the contact, closed to ground while the case is shut


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateSettings:
    slots: str  # a folder of the launcher's and this machine's alone; see firmware/update/README.md
    key: str  # a file with the public release key in hex
    bundle: str = "release.kofuki"  # where root lays a release ready


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds without input before the machine acts; the last `countdown_s` of them are shown."""

    pin_s: float = _between(5, 300, 45.0)
    menu_s: float = _between(5, 600, 60.0)
    pay_s: float = _between(5, 600, 90.0)
    take_card_s: float = _between(5, 300, 20.0)
    take_paper_s: float = _between(5, 300, 30.0)
    sorry_s: float = _between(3, 300, 25.0)
    done_s: float = _between(1, 60, 6.0)
    session_s: float = _between(60, 1800, 600.0)  # the longest session; decides the last admission
    countdown_s: float = _between(3, 60, 15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    unit: UnitIdentity
    card: CardSettings
    keypad: KeypadSettings
    coin: CoinSettings
    printer: CertificatePrinterSettings
    receipt_printer: PrinterSettings
    screen: ScreenSettings
    centre: CentreSettings
    journal: JournalSettings = JournalSettings()
    console: ConsoleSettings | None = None
    door: DoorSettings | None = None
    update: UpdateSettings | None = None
    timeouts: Timeouts = Timeouts()
    hours: Mapping[str, Any] = field(default_factory=dict)  # read by firmware.service.hours


def load_unit(path: Path, over: Mapping[str, Any] | None = None) -> Unit:
    """Read a unit file and those it extends; `over` wins, table by table. Raises `UnitError` with one sentence."""
    table = _merge(_read(path, seen=()), dict(over or {}))
    return _build(Unit, table, where=path.name)


def _read(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    if path in seen:
        raise UnitError(f"{path.name} extends itself")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UnitError(f"there is no unit file {path}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnitError(f"{path.name} is not valid TOML: {error}") from None
    base = table.pop("extends", None)
    if base is None:
        return table
    if not isinstance(base, str):
        raise UnitError(f"{path.name}: extends must name a file")
    return _merge(_read((path.parent / base).resolve(), (*seen, path)), table)


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


_T = TypeVar("_T")


def _build(cls: type[_T], table: object, where: str) -> _T:
    if not isinstance(table, dict):
        raise UnitError(f"{where} must be a table")
    assert is_dataclass(cls)
    hints = get_type_hints(cls)
    known = {entry.name: entry for entry in fields(cls)}
    for key in table:
        if key not in known:
            raise UnitError(f"{where}: nobody reads the key {key!r}; known are {', '.join(sorted(known))}")
    values: dict[str, Any] = {}
    for name, entry in known.items():
        if name not in table:
            if entry.default is MISSING and entry.default_factory is MISSING:
                raise UnitError(f"{where}: the key {name!r} is missing")
            continue
        value = _convert(hints[name], table[name], f"{where}.{name}")
        low, high = entry.metadata.get("low"), entry.metadata.get("high")
        if low is not None and high is not None and not low <= value <= high:
            raise UnitError(f"{where}.{name} is {value}; allowed is {low} to {high}")
        values[name] = value
    try:
        return cls(**values)
    except ValueError as error:
        raise UnitError(f"{where}: {error}") from None


def _convert(hint: Any, value: Any, where: str) -> Any:
    """One value to its type; every refusal names the key."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _convert(next(a for a in arguments if a is not type(None)), value, where)
    if origin is Literal:
        return _one_of(arguments, value, where)
    if origin is tuple:
        items = _expect(list, value, where, "a list")
        return tuple(_convert(arguments[0], item, f"{where}[{index}]") for index, item in enumerate(items))
    if origin is not None and issubclass(origin, Mapping):
        table = _expect(dict, value, where, "a table")
        return {key: _convert(arguments[1], item, f"{where}.{key}") for key, item in table.items()}
    if is_dataclass(hint) and isinstance(hint, type):
        return _build(hint, value, where)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(_one_of(tuple(hint), value, where))
    if hint is float and type(value) is int:
        return float(value)
    return value if hint is Any else _expect(hint, value, where, _WORDS[hint])


def _one_of(allowed: tuple[Any, ...], value: Any, where: str) -> Any:
    if value not in allowed:
        raise UnitError(f"{where} is {value!r}; allowed is {', '.join(map(str, allowed))}")
    return value


def _expect(kind: type[Any], value: Any, where: str, words: str) -> Any:
    if type(value) is not kind:  # bool is an int to isinstance, but not to a person
        raise UnitError(f"{where} must be {words}, not {value!r}")
    return value


_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
