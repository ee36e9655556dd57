"""Which devices stand together, and what they change in the unit file."""

from pathlib import Path
from random import Random

import pytest

from host_sim.models import zoo
from host_sim.models.zoo.room import NoRoom, Room, drawn
from host_sim.unit_file import NotAUnit, UnitFile

STORE = Path(__file__).parents[3] / "hardware" / "units" / "dev-store.toml"


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


def test_the_worlds_unit_file_has_the_tables_of_its_devices(tmp_path: Path) -> None:
    room = Room(
        [
            device("p", zoo.Kind.PULSE_ACCEPTOR, coin={"pulse": {"width_s": 0.05}}),
            device("h", zoo.Kind.HOPPER, hopper={"dispense": "serial"}),
        ]
    )
    unit = UnitFile(STORE, room)
    path = tmp_path / "unit.toml"
    path.write_text(unit.below(tmp_path, centre_port=4711, voices=tmp_path), encoding="utf-8")
    coin = UnitFile(path).table("coin")
    assert coin == unit.table("coin")
    assert (coin["pulse"]["width_s"], coin["pulse"]["coin_pin"]) == (0.05, 23)
    assert {hopper["dispense"] for hopper in coin["hoppers"]} == {"serial"}
    assert UnitFile(path).table("centre")["port"] == 4711


@pytest.mark.parametrize(
    ("unit", "kind", "told"),
    [("dev-pulse", zoo.Kind.ACCEPTOR, "a pulse acceptor's"), ("dev-counter", zoo.Kind.HOPPER, "has no coin devices")],
)
def test_a_device_that_the_unit_has_no_place_for_is_refused(unit: str, kind: zoo.Kind, told: str) -> None:
    with pytest.raises(NoRoom, match=told):
        UnitFile(STORE.with_name(f"{unit}.toml"), Room([device("x", kind)]))


@pytest.mark.parametrize(
    ("text", "words"), [(None, "cannot be opened"), ("not a table", "cannot be read"), ("[tool]\n", "is no unit file")]
)
def test_what_is_no_unit_file_is_said_in_a_sentence(text: str | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / "unit.toml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(NotAUnit, match=words):
        UnitFile(path)
