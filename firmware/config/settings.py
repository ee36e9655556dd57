"""The site's settings: values of the unit file that staff may replace on the console, and hours that they narrow (fault K5).

A set of settings is key -> value, both as typed. Only the keys in `_SETTABLE` can be set; everything else of a unit file
(devices, identity, keys of the line) is changed by root on the machine. Keys of `hours` are laid over the city's site table:
the machine is open where both agree, so a setting can only close it. Coins can only be left out. Fees cannot be set: they
are the city's by its ordinance and signed in the site table, and the centre names each fee again in the order.

A change is on trial first: the next start runs on it. If nobody keeps it within `TRIAL_S`, or the machine starts once more
before that, the settings before come back (network practice, `commit confirmed`; console rule 3). Settings are stored in the
journal, so a power cut cannot leave half of a set.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from firmware.book import records
from firmware.book.settings_book import SettingsBook
from firmware.config.hours import Calendar
from firmware.config.unit import Unit, UnitError, load_unit
from firmware.journal.memory import Memory

TRIAL_S = 600.0
SETTINGS_MAX = 40  # lines of a set; far below what one record holds

Settings = Mapping[str, str]
Read = Callable[[str], Any]


class SettingRefused(ValueError):
    """A key or a value that the console may not set; the message is a sentence for the person who typed it."""


def overlay(settings: Settings) -> dict[str, Any]:
    """The settings as tables of a unit file. Raises `SettingRefused`; `load_unit` then checks them with the file."""
    if len(settings) > SETTINGS_MAX:
        raise SettingRefused(f"{SETTINGS_MAX} settings at most can be set here; the others belong in the unit file")
    table: dict[str, Any] = {}
    for key, value in settings.items():
        *parents, last = key.split(".")
        inner = table
        for name in parents:
            inner = inner.setdefault(name, {})
        inner[last] = _read(key, value)
    return table


def own_hours(settings: Settings) -> Mapping[str, Any]:
    """The calendar that these settings lay over the city's. Raises `SettingRefused`."""
    calendar: Mapping[str, Any] = overlay(settings).get("hours", {})
    return calendar


def _of_unit(settings: Settings) -> dict[str, Any]:
    """The settings that are values of the unit file."""
    return {table: values for table, values in overlay(settings).items() if table != "hours"}


def _read(key: str, value: str) -> Any:
    read, written = _settable(key)
    try:
        return read(value)
    except ValueError:
        raise SettingRefused(f"{key} must be written {written}") from None


def how_written(key: str) -> str:
    """How a value of this key is written, with an example. Raises `SettingRefused` for a key that cannot be set."""
    return _settable(key)[1]


def _settable(key: str) -> tuple[Read, str]:
    for pattern, found in _SETTABLE.items():
        if re.fullmatch(pattern, key):
            return found
    raise SettingRefused(f"{key} cannot be set on the console. These can: {', '.join(SETTABLE)}")


def _like(pattern: str) -> Read:
    def read(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError
        return value

    return read


def _seconds(value: str) -> float:
    return float(_like(r"[0-9]{1,4}(\.[0-9])?")(value))


def _coins(value: str) -> list[int]:
    return [int(yen) for yen in _like(r"[0-9]{1,3}(,[0-9]{1,3}){0,5}")(value).split(",")]


def _port(value: str) -> int:
    return int(_like(r"[0-9]{1,5}")(value))


def _days(value: str) -> list[str]:
    return [] if value == "none" else value.split(",")


def _windows(value: str) -> list[dict[str, str]]:
    if value == "none":
        return []
    pairs = [entry.split("/") for entry in value.split(",")]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError
    return [{"from": begin, "until": end} for begin, end in pairs]


COINS = r"coin\.accepts_yen"
_LINE = "as 08:30-12:00,13:00-17:15, or closed"
_SETTABLE: Mapping[str, tuple[Read, str]] = {
    r"hours\.(?!(closed_days|maintenance)\.)[a-z_]+\.[a-z]+": (str, _LINE),  # those two are lists
    r"hours\.closed_days": (_days, "as 12-29,12-30, or none"),
    r"hours\.maintenance": (_windows, "as 2026-12-05T22:00/2026-12-06T09:30, several behind commas, or none"),
    r"timeouts\.[a-z_]+": (_seconds, "in seconds below 10000, as 45 or 7.5"),
    COINS: (_coins, "in yen, as 100,500"),
    r"unit\.telephone": (_like(r"[0-9][0-9-]{3,19}"), "in digits and dashes, as 0985-00-0000"),
    r"centre\.host": (_like(r"[a-z0-9][a-z0-9.-]{0,62}"), "as issue.city.example or 192.0.2.7"),
    r"centre\.port": (_port, "as 8443"),
}
SETTABLE = (
    "hours.default.DAY",
    "hours.KIND.DAY",
    "hours.closed_days",
    "hours.maintenance",
    "timeouts.NAME",
    "coin.accepts_yen",
    "unit.telephone",
    "centre.host",
    "centre.port",
)


def why_unusable(unit_file: Path, settings: Settings) -> str | None:
    """Why the unit file on the disk cannot be used with these settings over it; None: it can."""
    try:
        _must_narrow(load_unit(unit_file), load_unit(unit_file, _of_unit(settings)))
        Calendar(own_hours(settings), narrows=True)
    except (UnitError, ValueError) as error:
        return str(error)
    return None


def _must_narrow(filed: Unit, unit: Unit) -> None:
    """Raises `SettingRefused` for a coin that the unit file does not take: its hopper or its pulses are not there."""
    if filed.coin is None or unit.coin is None:
        return
    more = sorted(set(unit.coin.accepts_yen) - set(filed.coin.accepts_yen))
    if more:
        taken = ", ".join(map(str, filed.coin.accepts_yen))
        raise SettingRefused(f"coin.accepts_yen can only leave out coins; the unit file takes {taken}, not {more[0]}")


def at_start(memory: Memory, unit_file: Path) -> tuple[Unit, bool]:
    """The unit for this run of the program, and whether the site's settings fit it. Called before a device is opened.

    A trial that an earlier start began and nobody kept is dropped: that run ended before a person found it good.
    Raises `UnitError` when the file alone cannot be used.
    """
    book = memory.book.settings
    if book.on_trial:
        memory.note(records.SettingsDropped(reason="restart"))
    if book.trial is not None and why_unusable(unit_file, book.trial) is not None:
        memory.note(records.SettingsDropped(reason="unusable"))
    if book.trial is not None:
        memory.note(records.SettingsStarted())
    chosen = in_force(book)
    fits = why_unusable(unit_file, chosen) is None
    return load_unit(unit_file, _of_unit(chosen) if fits else {}), fits


def in_force(book: SettingsBook) -> Settings:
    """The settings that this run of the program was started with."""
    return dict(book.trial) if book.on_trial and book.trial is not None else dict(book.kept)


def differences(before: Settings, after: Settings, unset: Callable[[str], str]) -> list[str]:
    """One line for each key that changes, with its old value. `unset`: what holds while a key is not set here."""
    keys = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return [f"{key}: {before.get(key) or unset(key)}, then {after.get(key) or unset(key)}" for key in keys]
