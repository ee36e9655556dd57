"""Bytes on the medium: golden records built by hand from the layout, every torn write, every flipped bit."""

import zlib
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.journal import frames
from firmware.journal.frames import FIRST, GENESIS, Ending, SegmentHeader, pack_record, pack_segment, scan

SIZE = 16 * 1024


def test_golden_record_and_segment_header() -> None:
    """The layout of firmware/journal/frames.py and README.md, byte by byte, as machines in the field have it."""
    payload = b'["aa",100]'
    body = bytes.fromhex(
        "ca4b"  # magic
        "21"  # number 33, Coin
        "05"  # flags: FIRST, clock 2: trusted
        "0000000a"  # ten bytes of payload
        "0000000000000007"  # seq
        "00000003"  # boot
        "00000000000186a0"  # 100,000 ms
        "0000019f3d2c4b00"  # wall, ms since 1970
    )
    body += payload
    digest = sha256(GENESIS + body).digest()
    expected = body + zlib.crc32(body).to_bytes(4, "big") + digest[:16]
    packed, head = pack_record(
        number=33,
        flags=FIRST,
        clock=2,
        seq=7,
        boot=3,
        mono_ms=100_000,
        wall_ms=0x19F3D2C4B00,
        payload=payload,
        before=GENESIS,
    )
    assert (packed, head) == (expected, digest)

    header = b"KOFUKI-JOURNAL-1" + bytes.fromhex("00000002000040000000000000000007") + digest
    sector = (header + zlib.crc32(header).to_bytes(4, "big")).ljust(512, b"\0")
    assert pack_segment(SegmentHeader(2, SIZE, 7, digest)) == sector


class Builder:
    """A segment made group by group, as the journal makes it, with the end of what was acknowledged."""

    def __init__(self, seed: int = 0) -> None:
        self.rng = Random(seed)
        self.data = bytearray(pack_segment(SegmentHeader(0, SIZE, 1, GENESIS)).ljust(SIZE, b"\0"))
        self.position, self.seq, self.head = 512, 0, GENESIS
        self.ends: list[int] = []

    def group(self, *sizes: int) -> int:
        """Append one group of records with payloads of these sizes; returns the offset of the group."""
        self.position = start = frames.align(self.position)
        for place, size in enumerate(sizes):
            payload = bytes(self.rng.randrange(1, 256) for _ in range(size))
            self.seq += 1
            packed, self.head = pack_record(
                number=5,
                flags=FIRST if place == 0 else 0,
                clock=0,
                seq=self.seq,
                boot=1,
                mono_ms=self.seq,
                wall_ms=-self.seq,
                payload=payload,
                before=self.head,
            )
            self.data[self.position : self.position + len(packed)] = packed
            self.position += len(packed)
            self.ends.append(self.position)
        return start


def test_an_empty_segment_is_clean() -> None:
    built = Builder()
    found = scan(bytes(built.data))
    assert (found.ending, found.end, found.head) == (Ending.CLEAN, 512, (0, GENESIS))


@pytest.mark.parametrize("sizes", [(60,), (60, 80), (400, 30), (404, 456), (456,), (452, 10), (900, 2000, 5)])
def test_every_tear_of_the_last_group_leaves_a_prefix_and_is_not_taken_for_damage(sizes: tuple[int, ...]) -> None:
    """Also where a record ends exactly at a sector (payload 456 makes 512 bytes)."""
    built = Builder()
    built.group(60, 70)
    start = built.group(*sizes)
    full = bytes(built.data)
    for cut in range(start, built.position):
        torn = full[:cut] + bytes(SIZE - cut)
        found = scan(torn)
        kept = sum(end <= cut for end in built.ends)
        # A hash may end in zeros, so a tear in these bytes changes nothing.
        assert kept <= len(found.entries) <= kept + 1
        assert found.ending is not Ending.CORRUPT
        assert [entry.seq for entry in found.entries] == list(range(1, len(found.entries) + 1))
        assert found.end <= cut + 1
        cleaned = torn[: found.end] + bytes(SIZE - found.end)
        assert scan(cleaned).ending is Ending.CLEAN


def test_sectors_of_the_last_group_that_arrive_in_no_order_are_a_torn_tail() -> None:
    built = Builder()
    built.group(60)
    start = built.group(*[200] * 12)
    sectors = range(start, built.position, 512)
    for lost in range(1, 1 << min(len(sectors), 9)):
        data = bytearray(built.data)
        for place, sector in enumerate(sectors):
            if lost >> place & 1:
                data[sector : sector + 512] = bytes(512)
        found = scan(bytes(data))
        assert found.ending is not Ending.CORRUPT, f"{lost:b}"
        assert len(found.entries) >= 1


def test_every_flipped_bit_before_the_last_group_is_corruption() -> None:
    """In payload, header, hash or padding: a change in an acknowledged group is found if another group was written after it."""
    built = Builder()
    built.group(30, 40)
    built.group(25)
    last = built.group(20)
    for offset in range(512, last):
        for bit in range(8):
            data = bytearray(built.data)
            data[offset] ^= 1 << bit
            found = scan(bytes(data))
            assert found.ending is Ending.CORRUPT, f"byte {offset} bit {bit}"
            assert found.beyond_seq == built.seq


def test_every_flipped_bit_of_a_segment_header_is_seen() -> None:
    built = Builder()
    built.group(30)
    for offset in range(68):
        for bit in range(8):
            data = bytearray(built.data)
            data[offset] ^= 1 << bit
            with pytest.raises(frames.NotASegment):
                scan(bytes(data))


def test_a_zeroed_stale_or_misplaced_sector_is_corruption() -> None:
    """Fault D3, in a sector with acknowledged records after it."""
    built = Builder()
    first = built.group(30)
    second = built.group(40)
    third = built.group(50)
    good = bytes(built.data)
    for name, sector, content in [
        ("zeroed", second, bytes(512)),
        ("stale", second, good[first : first + 512]),
        ("misplaced", second, good[third : third + 512]),
        ("swapped", first, good[second : second + 512]),
    ]:
        data = good[:sector] + content + good[sector + 512 :]
        assert scan(data).ending is Ending.CORRUPT, name
    # A second copy behind the last sector: it was written to the wrong place, so the right place lacks a sector.
    double = good[: third + 512] + good[third : third + 512] + bytes(SIZE - third - 1024)
    assert scan(double).ending is Ending.CORRUPT
    # A sector written to the wrong place: zeros where it belongs, and its bytes after them.
    lost = good[:third] + bytes(2048) + good[third : third + 512] + bytes(SIZE - third - 2560)
    assert scan(lost).ending is Ending.CORRUPT


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32), st.data())
def test_no_tampering_keeps_the_head(seed: int, data: st.DataObject) -> None:
    """Modify, insert, delete, reorder, truncate: each changes the chain's head or is found by the scan."""
    built = Builder(seed)
    starts = [built.group(*[20] * data.draw(st.integers(1, 3))) for _ in range(5)]
    good, head = bytes(built.data), (built.seq, built.head)
    assert scan(good).head == head
    changed = bytearray(good)
    match data.draw(st.sampled_from(["modify", "delete", "swap", "truncate", "insert"])):
        case "modify":
            offset = data.draw(st.integers(512, built.position - 1))
            changed[offset] ^= data.draw(st.integers(1, 255))
        case "delete":
            place = data.draw(st.sampled_from(starts))
            changed[place:] = changed[place + 512 :] + bytes(512)
        case "swap":
            one, other = data.draw(st.lists(st.sampled_from(starts), min_size=2, max_size=2, unique=True))
            changed[one : one + 512], changed[other : other + 512] = good[other : other + 512], good[one : one + 512]
        case "truncate":
            place = data.draw(st.sampled_from(starts))
            changed[place:] = bytes(SIZE - place)
        case _:
            place = data.draw(st.sampled_from(starts))
            changed[place:] = good[starts[0] : starts[0] + 512] + good[place:-512]
    found = scan(bytes(changed))
    assert found.ending is Ending.CORRUPT or found.head != head


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=4096), st.integers(0, 8))
def test_noise_never_raises_and_never_becomes_a_record(noise: bytes, groups: int) -> None:
    built = Builder()
    for _ in range(groups):
        built.group(30)
    place = frames.align(built.position)
    data = bytes(built.data[:place]) + noise.ljust(SIZE - place, b"\0")
    found = scan(data)
    assert len(found.entries) == groups
    assert found.ending is not Ending.CORRUPT
