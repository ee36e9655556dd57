"""Simulated printers by the name of their file in the zoo."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from host_sim.models import zoo
from host_sim.models.printer import PrinterModel


def printer_named(name: str, *, seed: int = 0, **other: Any) -> PrinterModel:
    """The printer of this device file; `other` changes single settings. Raises LookupError for an unknown name."""
    return PrinterModel(seed=seed, **{**_settings(name), **other})


@cache
def _settings(name: str) -> Mapping[str, Any]:
    return zoo.load(name).model
