"""The search of `tests.process.carving` finds what a search for one piece after the other finds."""

import random

import pytest

from tests.process.carving import PIECE, found, pieces


@pytest.mark.parametrize("seed", range(20))
def test_every_piece_that_stands_somewhere_is_found(seed: int) -> None:
    chance = random.Random(seed)
    paper = pieces(chance.randbytes(PIECE * 40))
    short = ["宮崎".encode(), b"hanako", b"12345678", "宮崎　花子".encode("utf-16-le")]
    wanted = [*paper, *short, paper[0], bytes(20) + bytes(range(12))]
    hay = []
    for _ in range(4):
        planted = chance.sample(wanted, 5)
        planted.append(chance.choice(paper)[:-1])  # not whole
        hay.append(
            b"".join(bytes(chance.choice([0, 255]) for _ in range(chance.randrange(40))) + one for one in planted)
        )
    assert found(hay, wanted) == sum(any(piece in part for part in hay) for piece in wanted) > 0


def test_nothing_is_found_in_nothing() -> None:
    assert found([], pieces(bytes(range(256)))) == found([b"", b"1234567", bytes(100)], pieces(bytes(range(256)))) == 0
    assert found([b"hay"], []) == 0
