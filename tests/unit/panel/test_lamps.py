"""What the panel shows of an I/O board: the lamps and the buzzer that `test board` asks about."""

from pathlib import Path

from host_sim.board_side import BoardSide
from host_sim.models.io_board.loom import LAMPS
from host_sim.unit_file import UnitFile

UNIT = Path(__file__).parents[3] / "hardware" / "units" / "dev-board.toml"
STATIC = Path(__file__).parents[3] / "host_sim" / "panel" / "static"


def test_each_lamp_is_told_while_its_output_is_on_and_the_wire_is_whole(tmp_path: Path) -> None:
    side = BoardSide(UnitFile(UNIT), tmp_path)
    assert not any(side.lamps().values())
    for lamp, output in LAMPS.items():
        side.model.outputs = output
        assert [name for name, lit in side.lamps().items() if lit] == [lamp]
    side.rewire("buzzer_cut")
    assert not any(side.lamps().values())


def test_the_panel_draws_each_of_them() -> None:
    front = (STATIC / "front.js").read_text(encoding="utf-8")
    assert all(f'lamps?.["{lamp}"]' in front or f"lamps?.{lamp}" in front for lamp in LAMPS)
