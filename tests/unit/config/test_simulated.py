"""A simulated unit is refused where it trusts an authority that is no simulator's (security rule 19)."""

from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from firmware.config.simulated import check_simulated
from firmware.config.unit import Unit, UnitError, load_unit
from host_sim.centre import sample
from host_sim.centre.city.file import CityError, read
from host_sim.centre.identity import ensure_identity
from host_sim.centre.opening import keys_of
from tests.unit.centre.cards import authority

HOUSE = Path(__file__).parents[3] / "hardware" / "units"


def of(name: str, **centre: str) -> Unit:
    unit = load_unit(HOUSE / name)
    assert unit.centre is not None
    return msgspec.structs.replace(unit, centre=msgspec.structs.replace(unit.centre, **centre))


def test_a_simulator_may_talk_to_its_own_centre(tmp_path: Path) -> None:
    ensure_identity(tmp_path / "centre", [], sample=True)
    check_simulated(load_unit(HOUSE / "dev-store.toml"), tmp_path)


@pytest.mark.parametrize("beside", [False, True])
def test_a_simulated_unit_is_refused_with_a_production_authority(tmp_path: Path, beside: bool) -> None:
    """Also when the simulator's authority stands beside the other one in the file."""
    ensure_identity(tmp_path / "centre", [], sample=True)
    own = (tmp_path / "centre/tls/ca.pem").read_bytes() if beside else b""
    (tmp_path / "ca.pem").write_bytes(own + authority().public_bytes(Encoding.PEM))
    with pytest.raises(UnitError, match="remove `simulated`"):
        check_simulated(of("dev-store.toml", ca_file="ca.pem"), tmp_path)
    check_simulated(of("store.toml", ca_file=str(tmp_path / "ca.pem")), tmp_path)


def test_the_authority_of_a_citys_own_centre_is_no_simulators(tmp_path: Path) -> None:
    city = read(sample.CITY_FILE.read_text(encoding="utf-8").replace("\nsample = true", "\n"))
    keys_of(tmp_path, city)
    with pytest.raises(UnitError, match="remove `simulated`"):
        check_simulated(of("dev-store.toml"), tmp_path)
    check_simulated(of("store.toml", ca_file=str(tmp_path / "centre/tls/ca.pem")), tmp_path)


def test_a_city_of_its_own_takes_no_authority_of_a_simulator(tmp_path: Path) -> None:
    """A directory in which a sample was tried, whose file has then lost its `sample`."""
    keys_of(tmp_path, sample.city())
    check_simulated(of("dev-store.toml"), tmp_path)
    city = read(sample.CITY_FILE.read_text(encoding="utf-8").replace("\nsample = true", "\n"))
    with pytest.raises(CityError, match="simulated machines believe it"):
        keys_of(tmp_path, city)


def test_a_file_that_is_missing_or_damaged_is_the_lines_to_tell(tmp_path: Path) -> None:
    unit = of("dev-store.toml", ca_file="ca.pem")
    check_simulated(unit, tmp_path)
    (tmp_path / "ca.pem").write_bytes(b"x")
    check_simulated(unit, tmp_path)
