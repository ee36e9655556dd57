"""The zoo: one file for each real device, with what its maker's document or an owner's report says of it, page by page.

A *model* is a kind of device; a *device file* gives the model's keyword arguments, so no model knows a device's name. Each
setting has a reason that begins with a source of the file, or with "inferred:". `unit` are the tables of the unit file with
which this machine's own driver serves the device; `refused` is the sentence with which the machine refuses it at its start.
"""

import inspect
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from host_sim.models.acceptor import AcceptorModel
from host_sim.models.card_reader import CardReaderModel
from host_sim.models.hopper import HopperModel
from host_sim.models.key_matrix import KeyMatrix
from host_sim.models.printer import PrinterModel
from host_sim.models.printer.machines import Machine
from host_sim.models.pulse_acceptor import PulseAcceptorModel

FOLDER = Path(__file__).parent
INFERRED = "inferred:"
TABLES = frozenset({"device", "sources", "model", "because", "unit", "refused"})


class Kind(StrEnum):
    ACCEPTOR = "acceptor"
    PULSE_ACCEPTOR = "pulse_acceptor"
    HOPPER = "hopper"
    PRINTER = "printer"
    RECEIPT_PRINTER = "receipt_printer"
    READER = "reader"
    KEYPAD = "keypad"


# Kind -> what takes the settings as keyword arguments. The first has the constructor; what it takes by ** is a second's.
MODELS: Mapping[Kind, tuple[Callable[..., object], ...]] = {
    Kind.ACCEPTOR: (AcceptorModel,),
    Kind.PULSE_ACCEPTOR: (PulseAcceptorModel,),
    Kind.HOPPER: (HopperModel,),
    Kind.PRINTER: (PrinterModel, Machine),
    Kind.RECEIPT_PRINTER: (PrinterModel, Machine),
    Kind.READER: (CardReaderModel,),
    Kind.KEYPAD: (KeyMatrix,),
}
# Where a device stands and what is in it is the world's, not the maker's.
OF_THE_WORLD = frozenset({"seed", "serial", "coin", "tube", "layout", "address"})


class ZooError(ValueError):
    """A device file is wrong; the message names the file and the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device file. `model`: keyword arguments of the model of its kind; `refused`: how the start's sentence begins."""

    name: str
    kind: Kind
    about: str
    maker: str
    model_name: str
    sources: Mapping[str, str]
    model: Mapping[str, Any]
    because: Mapping[str, str]
    unit: Mapping[str, Mapping[str, Any]]
    refused: str | None

    @property
    def called(self) -> str:
        """Maker and model; the maker only where it is a name, not a word such as "none" or "unnamed"."""
        return f"{self.maker} {self.model_name}" if self.maker[:1].isupper() else self.model_name

    @property
    def quirks(self) -> dict[str, Any]:
        """The settings in which it differs from the ordinary device of its kind; not those that no device is without."""
        ordinary = settings_of(self.kind)
        needed = inspect.Parameter.empty
        return {
            key: value
            for key, value in self.model.items()
            if ordinary[key] is not needed and not _same(value, ordinary[key])
        }


def settings_of(kind: Kind) -> dict[str, Any]:
    """The settings that the model of this kind understands, each with its ordinary value (`inspect.Parameter.empty`: none)."""
    return {
        name: parameter.default
        for model in MODELS[kind]
        for name, parameter in inspect.signature(model).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD and name not in OF_THE_WORLD
    }


def _same(value: object, ordinary: object) -> bool:
    if isinstance(ordinary, (tuple, frozenset, set)) and isinstance(value, list):
        return value == list(ordinary) or set(value) == ordinary
    return value == ordinary


def names(folder: Path = FOLDER) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.toml"))


def load(name: str, folder: Path = FOLDER) -> Device:
    """The device of this name. Raises LookupError for an unknown name and `ZooError` for a wrong file."""
    path = folder / f"{name}.toml"
    if name not in names(folder):
        raise LookupError(f"The zoo has no {name}. Use one of: {', '.join(names(folder))}.")
    text = path.read_text(encoding="utf-8")
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as trouble:
        raise ZooError(f"{path.name}: {trouble}") from trouble
    about = " ".join(line.removeprefix("#").strip() for line in _first_comment(text))
    return _device(path, about, tables)


@cache
def load_all(folder: Path = FOLDER) -> Mapping[str, Device]:
    return {name: load(name, folder) for name in names(folder)}


def of_kind(kind: Kind, folder: Path = FOLDER) -> list[Device]:
    """Every device of this kind, by name."""
    return [device for device in load_all(folder).values() if device.kind is kind]


def _first_comment(text: str) -> list[str]:
    lines = text.splitlines()
    end = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return lines[:end]


def _device(path: Path, about: str, tables: dict[str, Any]) -> Device:
    if strange := set(path.stem) - set("abcdefghijklmnopqrstuvwxyz0123456789-"):
        raise ZooError(f"{path.name}: a name has lower-case letters, digits and hyphens, not {sorted(strange)}.")
    if not about:
        raise ZooError(f"{path.name} must begin with a comment: what the device is and where one meets it.")
    for table in tables:
        if table not in TABLES:
            raise ZooError(
                f"{path.name}: [{table}] is not a table of a device file; those are {', '.join(sorted(TABLES))}."
            )
    identity, refused = _words(path, tables, "device"), _words(path, tables, "refused", needed=False)
    _exactly(path, "device", identity, {"kind", "maker", "model"})
    _exactly(path, "refused", refused, {"sentence"} if refused else set())
    device = Device(
        name=path.stem,
        kind=_kind(path, identity["kind"]),
        about=about,
        maker=identity["maker"],
        model_name=identity["model"],
        sources=_words(path, tables, "sources"),
        model=_table(path, tables, "model"),
        because=_words(path, tables, "because"),
        unit=_unit(path, tables),
        refused=refused.get("sentence"),
    )
    _check_settings(path, device)
    _check_reasons(path, device)
    return device


def _kind(path: Path, word: str) -> Kind:
    try:
        return Kind(word)
    except ValueError:
        raise ZooError(f"{path.name}: [device] kind {word!r} is none of {', '.join(Kind)}.") from None


def _table(path: Path, tables: dict[str, Any], name: str, *, needed: bool = True) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict) or (needed and name not in tables):
        raise ZooError(f"{path.name} has no table [{name}].")
    return table


def _words(path: Path, tables: dict[str, Any], name: str, *, needed: bool = True) -> dict[str, str]:
    table = _table(path, tables, name, needed=needed)
    for key, value in table.items():
        if not isinstance(value, str) or not value.strip():
            raise ZooError(f"{path.name}: [{name}] {key} must be words.")
    return table


def _exactly(path: Path, table: str, given: Mapping[str, object], wanted: set[str]) -> None:
    for key in sorted(wanted ^ set(given)):
        raise ZooError(f"{path.name}: [{table}] {key} is {'not known' if key in given else 'missing'}.")


def _unit(path: Path, tables: dict[str, Any]) -> dict[str, dict[str, Any]]:
    unit = _table(path, tables, "unit", needed=False)
    for name, table in unit.items():
        if not isinstance(table, dict):
            raise ZooError(f"{path.name}: [unit] {name} must be a table of the unit file.")
    return unit


def _check_settings(path: Path, device: Device) -> None:
    understood = settings_of(device.kind)
    for key in device.model:
        if key not in understood:
            known = ", ".join(sorted(understood)) or "none yet"
            raise ZooError(f"{path.name}: [model] {key} is no setting of the kind {device.kind}; those are {known}.")
    for key in _needed(device.kind) - set(device.model):
        raise ZooError(f"{path.name}: [model] {key} is missing; the kind {device.kind} has no ordinary value for it.")
    if device.refused is not None and device.unit:
        raise ZooError(f"{path.name}: [unit] and [refused] exclude each other: the device is served or it is refused.")


def _needed(kind: Kind) -> set[str]:
    """Settings without an ordinary value. What a constructor takes by ** it changes in something named, so it has one."""
    return {
        name
        for model in MODELS[kind][:1]
        for name, parameter in inspect.signature(model).parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind is not parameter.VAR_KEYWORD
        and name not in OF_THE_WORLD
    }


def _check_reasons(path: Path, device: Device) -> None:
    for key in device.model:
        if key not in device.because:
            raise ZooError(f"{path.name}: [because] has no reason for {key}.")
    for key, reason in device.because.items():
        if key not in device.model:
            raise ZooError(f"{path.name}: [because] {key} gives a reason for what [model] does not set.")
        if reason.startswith(INFERRED):
            if not reason.removeprefix(INFERRED).strip():
                raise ZooError(f"{path.name}: [because] {key} is inferred; say why.")
        elif reason.replace(",", " ").split()[0] not in device.sources:
            raise ZooError(f'{path.name}: [because] {key} must begin with a name of [sources], or with "{INFERRED}".')
    if not device.sources:
        raise ZooError(f"{path.name}: [sources] names no document.")
