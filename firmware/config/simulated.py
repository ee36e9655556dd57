"""A simulated unit, whose memory may be read and whose clock may be moved, talks to a simulator's centre only."""

from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from firmware.config.unit import Unit, UnitError

AUTHORITY = "Kofuki simulator CA"  # so host_sim/centre/identity.py names it for a sample city only


def check_simulated(unit: Unit, run_dir: Path) -> None:
    """Raises `UnitError` for a simulated unit that trusts another authority than a simulator's (security rule 19)."""
    if not unit.unit.simulated or unit.centre is None:
        return
    file = run_dir / unit.centre.ca_file
    try:
        trusted = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError):
        return  # the line says what is wrong with the file, and no session begins
    names = [[str(name.value) for name in one.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] for one in trusted]
    if any(name != [AUTHORITY] for name in names):
        raise UnitError(f"unit.simulated is true, but {file} is no simulator's authority; remove `simulated`")
