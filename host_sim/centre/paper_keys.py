"""The keys that sign a city's papers: one file a key, named after the first day on which it signs, `2026-11-29.pem`.

A key signs from its day until the next one's. It stays trusted for the papers of its days, so an old paper is checked
as long as its key's file is kept; the private key may then be replaced by its public one. A sample city signs with the
key that everybody knows, whatever is in the folder.
"""

import contextlib
import itertools
import re
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from host_sim.centre import verify

COMMAND = "python -m host_sim.centre paper-keys new"
_Key = ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey


class NoPaperKey(Exception):
    """No key signs on this day, or a file is not a key."""


class PaperKeys:
    """The keys of a folder, read anew each time, because a new one is put there while processes run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def signer(self, day: date, *, sample: bool) -> verify.Signer:
        """The key of a day. Raises `NoPaperKey`."""
        if sample:
            return verify.sample_signer()
        begun = [key for first, key in self._read() if first <= day]
        if not begun or not isinstance(begun[-1], ec.EllipticCurvePrivateKey):
            raise NoPaperKey(f"No key in {self._folder} signs papers on {day}; make one with: {COMMAND}")
        return verify.Signer(begun[-1])

    def trusted(self) -> Mapping[bytes, verify.TrustedKey]:
        """Every key by its id: the city's, and the sample's, so that a sample is called one. Raises `NoPaperKey`."""
        found = dict(verify.sample_keys())
        keys = self._read()
        for (first, key), (following, _) in itertools.zip_longest(keys, keys[1:], fillvalue=(date.max, None)):
            public = key.public_key() if isinstance(key, ec.EllipticCurvePrivateKey) else key
            assert public is not None
            point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
            found[verify.key_id(point)] = verify.TrustedKey(point, first, following)  # both days: a paper may wait
        return found

    def new(self, first: date) -> bytes:
        """Make a key that signs from `first` on; returns its public point. Raises `NoPaperKey` when that day has one."""
        path = self._folder / f"{first}.pem"
        self._folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        with tempfile.NamedTemporaryFile(dir=self._folder) as whole:  # its owner's alone, and never seen half written
            whole.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            whole.flush()
            try:
                path.hardlink_to(whole.name)
            except FileExistsError:
                raise NoPaperKey(f"{path} is there already; a key is never written over") from None
        return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def ensure(self, today: date) -> None:
        """Make the first key where there is none. Raises `NoPaperKey`."""
        if not self._read():
            with contextlib.suppress(NoPaperKey):  # another process has just made it
                self.new(today)

    def _read(self) -> list[tuple[date, _Key]]:
        found = []
        for path in sorted(self._folder.glob("*.pem")):
            data = path.read_bytes()
            try:
                first = date.fromisoformat(path.stem)
                key = load_pem_private_key(data, None) if re.search(b"PRIVATE", data) else load_pem_public_key(data)
            except ValueError:
                raise NoPaperKey(f"{path} is no key named after a day, as 2026-11-29.pem is") from None
            if (
                not isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey)
                or key.curve.name != "secp256r1"
            ):
                raise NoPaperKey(f"{path} is no key on P-256")
            found.append((first, key))
        return found
