"""Japan's public holidays (国民の祝日に関する法律), from the library `holidays`.

`holidays.country_holidays("JP")` imports the files of all countries, 280 of them; that is 45 ms of every start here, and several
times as much on a Pi. So Japan's file is imported alone, past `holidays/countries/__init__.py`.
"""

import sys
from collections.abc import Container
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType

import holidays

_COUNTRIES = "holidays.countries"


def national_holidays() -> Container[date]:
    """A container of every holiday of every year; a year is worked out when it is first asked for."""
    if f"{_COUNTRIES}.japan" not in sys.modules:
        _import_japan()
    found: Container[date] = sys.modules[f"{_COUNTRIES}.japan"].Japan()
    return found


def _import_japan() -> None:
    alone = ModuleType(_COUNTRIES)
    alone.__path__ = [str(Path(holidays.__path__[0]) / "countries")]
    whole = sys.modules.get(_COUNTRIES)
    sys.modules[_COUNTRIES] = alone
    try:
        import_module(f"{_COUNTRIES}.japan")
    finally:  # whoever imports the package later gets all of it
        del sys.modules[_COUNTRIES]
        if whole is not None:
            sys.modules[_COUNTRIES] = whole
