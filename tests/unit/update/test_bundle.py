"""The releases that a machine accepts, and its sentences for the refused ones (fault U1, security rule 15)."""

import random
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware.update.bundle import BUNDLE_MAX, BundleRefused, admit, pack, unpack
from tests.unit.update.releases import FILES, KEY, LOCK, PUBLIC, bundle, manifest, release, rows

STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def test_a_release_written_from_the_format_is_read() -> None:
    found = unpack(release(), PUBLIC)
    assert (found.version, found.made, found.expires) == (7, date(2026, 11, 20), date(2027, 3, 31))
    assert (found.lock, dict(found.files)) == (LOCK, FILES)


def test_what_we_pack_is_the_written_format_to_the_byte() -> None:
    """Files are in the order of their paths; the manifest has sorted keys and no spaces."""
    packed = pack(FILES, version=7, made=date(2026, 11, 20), expires=date(2027, 3, 31), lock=LOCK, key=KEY)
    told = (
        '{"expires":"2027-03-31","files":['
        + ",".join(f'["{path}",{size},"{digest}"]' for path, size, digest in rows(FILES))
        + f'],"lock":"{LOCK}","made":"2026-11-20","product":"kofuki","version":7}}'
    )
    assert packed == bundle(told.encode())


def files(*paths: str) -> dict[str, object]:
    return manifest(files=[row for path in paths for row in rows({path: b""})])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(b"", "no release of this program", id="nothing"),
        pytest.param(b"PK\x03\x04" + bytes(100), "no release of this program", id="a zip"),
        pytest.param(release()[:20], "cut short", id="cut in the length"),
        pytest.param(release()[:300], "cut short", id="cut in the manifest"),
        pytest.param(release()[:-1], "cut short", id="cut in the last file"),
        pytest.param(release() + b"x", "bytes after its end", id="more behind"),
        pytest.param(b"KOFUKI-RELEASE-1\n" + b"\xff" * 4 + bytes(99), "cut short", id="a length without end"),
        pytest.param(bytes(BUNDLE_MAX + 1), "MiB", id="too large"),
        pytest.param(bundle(manifest(), key=STRANGER), "signature", id="another key"),
        pytest.param(bundle(manifest(product="lobby-game")), "another product", id="another product"),
        pytest.param(bundle(manifest(version=0)), "not that of a release", id="version nought"),
        pytest.param(bundle(manifest(version=True)), "not that of a release", id="version true"),
        pytest.param(bundle(manifest(version="7")), "not that of a release", id="version as text"),
        pytest.param(bundle(manifest(extra=1)), "not that of a release", id="a field more"),
        pytest.param(bundle([1]), "not that of a release", id="a list"),
        pytest.param(bundle(b"{"), "cannot be read", id="no JSON"),
        pytest.param(bundle(b"[" * 100_000), "cannot be read", id="deep JSON"),
        pytest.param(bundle(b"\xff\xfe"), "cannot be read", id="no ASCII"),
        pytest.param(bundle(manifest(expires="31.3.2027")), "a date that does not exist", id="no date"),
        pytest.param(bundle(manifest(files=[["firmware/a.py", 0]])), "not that of a release", id="a short row"),
        pytest.param(bundle(manifest(files=[["firmware/a.py", -1, "x"]])), "not that of a release", id="size below 0"),
        pytest.param(bundle(manifest(files=rows(FILES) * 2000)), "too many files", id="too many files"),
        pytest.param(
            bundle(manifest(), body=b"B" + release()[-len(b"".join(FILES.values())) + 1 :]),
            "a.py is damaged",
            id="another byte",
        ),
        *(
            pytest.param(bundle(files(*paths), b""), "does not belong to the program", id=repr(paths))
            for paths in (
                ("/etc/passwd",),
                ("../firmware/a.py",),
                ("firmware/../../a.py",),
                ("firmware//a.py",),
                ("firmware",),
                ("firmware/.hidden",),
                ("firmware/a\n.py",),
                ("host_sim/a.py",),
                ("firmware/a.py", "firmware/a.py"),
                ("firmware/a", "firmware/a/b.py"),
            )
        ),
    ],
)
def test_refusals(data: bytes, sentence: str) -> None:
    with pytest.raises(BundleRefused, match=sentence):
        unpack(data, PUBLIC)


@pytest.mark.parametrize(
    ("floor", "lock", "today", "sentence"),
    [
        (7, LOCK, date(2026, 12, 1), "has had 7. Bring a newer one"),
        (8, LOCK, date(2026, 12, 1), "has had 8"),
        (6, LOCK, date(2027, 4, 1), "last day was 2027-03-31"),
        (6, "0" * 64, date(2026, 12, 1), "other libraries"),
    ],
)
def test_a_whole_release_that_this_machine_must_not_take(floor: int, lock: str, today: date, sentence: str) -> None:
    with pytest.raises(BundleRefused, match=sentence):
        admit(unpack(release(), PUBLIC), floor=floor, lock=lock, today=today)
    admit(unpack(release(), PUBLIC), floor=6, lock=LOCK, today=date(2027, 3, 31))


def test_no_changed_byte_goes_unnoticed() -> None:
    """One bit flipped in each byte, and 20,000 random damages: each is refused with a sentence."""
    whole, rng = release(), random.Random(20261126)
    for at in range(len(whole)):
        wounded = bytearray(whole)
        wounded[at] ^= 1 << (at % 8)
        with pytest.raises(BundleRefused):
            unpack(bytes(wounded), PUBLIC)
    for _ in range(20_000):
        wounded = bytearray(whole)
        begin = rng.randrange(len(whole))
        wounded[begin : begin + rng.randrange(40)] = rng.randbytes(rng.randrange(40))
        if wounded != whole:
            with pytest.raises(BundleRefused):
                unpack(bytes(wounded), PUBLIC)
