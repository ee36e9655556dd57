"""Which devices of the zoo stand together in one world: at most one of each kind, and one coin slot.

`settings` are for the models; `over` are the tables of the unit file with which this machine's drivers serve the devices. A
hopper's file says how one hopper is served, in `[unit.hopper]`; that goes into each of the unit's `[[coin.hoppers]]`.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from host_sim.models.zoo import Device, Kind, of_kind

SLOTS = (Kind.ACCEPTOR, Kind.PULSE_ACCEPTOR)
Tables = dict[str, Any]


class NoRoom(ValueError):
    """Two of the devices want the same place; the message names both."""


class Room:
    """Where no device of a kind stands, the world has the ordinary one."""

    def __init__(self, devices: Sequence[Device] = ()) -> None:
        """Raises `NoRoom`."""
        self.devices = tuple(devices)
        self._at: dict[str, Device] = {}
        for device in devices:
            place = "slot" if device.kind in SLOTS else str(device.kind)
            if place in self._at:
                raise NoRoom(
                    f"{self._at[place].name} and {device.name} cannot stand in one machine: both are a {place}."
                )
            self._at[place] = device

    def __bool__(self) -> bool:
        return bool(self.devices)

    def get(self, kind: Kind) -> Device | None:
        return next((device for device in self.devices if device.kind is kind), None)

    def settings(self, kind: Kind) -> dict[str, Any]:
        """Keyword arguments of the model of this kind; none for the ordinary device."""
        device = self.get(kind)
        return {} if device is None else dict(device.model)

    def over(self, base: Tables) -> Tables:
        """The unit's tables that the devices change; `base` are the unit's own."""
        over: Tables = {}
        for device in self.devices:
            over = merged(over, {name: table for name, table in device.unit.items() if name != "hopper"})
        hopper = self.get(Kind.HOPPER)
        if hopper is not None and "hopper" in hopper.unit and "coin" in base:
            hoppers = [{**one, **hopper.unit["hopper"]} for one in base["coin"]["hoppers"]]
            over = merged(over, {"coin": {"hoppers": hoppers}})
        return over


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Tables:
    """Both tables in one, as a unit file that extends another: `over` wins, table by table."""
    both = dict(base)
    for key, value in over.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return both


def drawn(rng: Random) -> Room:
    """One served device of each kind, by chance. Two slots in three are on the ccTalk bus."""
    slot = rng.choices(SLOTS, (2, 1))[0]
    found = []
    for kind in (slot, *(kind for kind in Kind if kind not in SLOTS)):
        served = [device for device in of_kind(kind) if device.refused is None]
        if served:
            found.append(rng.choice(served))
    return Room(found)
