"""Simulated printers by the name of their file in the zoo, or as a room has them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from host_sim.models import zoo
from host_sim.models.printer import PrinterModel
from host_sim.models.zoo.room import Room


def printer_named(name: str, *, seed: int = 0, **other: Any) -> PrinterModel:
    """The printer of this device file; `other` changes single settings. Raises LookupError for an unknown name."""
    return PrinterModel(seed=seed, **{**_settings(name), **other})


def printer_in(room: Room, kind: zoo.Kind, ordinary: str, seed: int = 0) -> PrinterModel:
    """The room's printer of this kind; where none stands, the one named `ordinary`."""
    settings = room.settings(kind)
    return PrinterModel(seed=seed, **settings) if settings else printer_named(ordinary, seed=seed)


@cache
def _settings(name: str) -> Mapping[str, Any]:
    return zoo.load(name).model
