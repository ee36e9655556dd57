"""Which devices stand together, and what they change in the unit file."""

from random import Random

import pytest

from host_sim.models import zoo
from host_sim.models.zoo.room import NoRoom, Room, drawn


def device(name: str, kind: zoo.Kind, **unit: dict[str, object]) -> zoo.Device:
    return zoo.Device(
        name=name,
        kind=kind,
        about="",
        maker="",
        model_name="",
        sources={},
        model={},
        because={},
        unit=unit,
        refused=None,
    )


def test_two_acceptors_do_not_share_the_slot() -> None:
    with pytest.raises(NoRoom, match="a and b cannot stand in one machine: both are a slot"):
        Room([device("a", zoo.Kind.ACCEPTOR), device("b", zoo.Kind.PULSE_ACCEPTOR)])


def test_a_hoppers_table_goes_into_every_hopper_and_the_others_are_merged() -> None:
    base = {"coin": {"hoppers": [{"address": 3, "coins": 7}, {"address": 4, "coins": 8}]}}
    room = Room(
        [
            device("h", zoo.Kind.HOPPER, hopper={"dispense": "serial"}),
            device("a", zoo.Kind.ACCEPTOR, coin={"checksum": "crc"}),
            device("p", zoo.Kind.PRINTER, printer={"profile": "p"}),
        ]
    )
    hoppers = [{"address": 3, "coins": 7, "dispense": "serial"}, {"address": 4, "coins": 8, "dispense": "serial"}]
    assert room.over(base) == {"coin": {"checksum": "crc", "hoppers": hoppers}, "printer": {"profile": "p"}}


def test_a_room_is_drawn_by_chance_from_served_devices_only() -> None:
    rooms = [drawn(Random(seed)) for seed in range(200)]
    met = {one.name for room in rooms for one in room.devices}
    assert met == {one.name for one in zoo.load_all().values() if one.refused is None}
