"""Sixteen machines at once swap no paper, share no number and lose no count (incidents 1 to 5)."""

import secrets
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import sqlalchemy as sa

from drivers.vocabulary import AdviceFate, CentreRefusal, CentreRefused, Challenge, CopyState, Reserved
from host_sim.centre import rules
from host_sim.centre.store import Peer
from host_sim.centre.tables import cards, copies
from tests.unit.centre.town import TUESDAY, Town, paper_of

MACHINES = [Peer(f"machine-{n:02}", "store") for n in range(16)]
ROUNDS = 8


def test_sixteen_machines_at_once_swap_no_paper(url: str) -> None:
    town = Town(url)
    together = Barrier(len(MACHINES), timeout=900)
    people = [
        p.resident_id
        for p in town.register.residents.values()
        if rules.refusal_of(p, town.register, TUESDAY.date(), 15) is None
    ][: len(MACHINES)]
    hands = [town.card(number) for number in people]

    def issue(number: int) -> list[tuple[str, str]]:
        given = []
        for _ in range(ROUNDS):
            session = town.session(hands[number], MACHINES[number])
            together.wait()  # all orders in the same instant
            reserved = session.reserved(session.item("juminhyo"))
            document = session.line.fetch(reserved, 1)
            assert isinstance(document, bytes)
            paper = paper_of(document)
            given.append((paper["of"], paper["number"]))
            op = secrets.choice(("issued", "void"))
            assert (
                session.line.advise({"op": op, "request_id": reserved.request_id, "copy": 1, "reason": "x"})
                is AdviceFate.ACKNOWLEDGED
            )
            assert session.line.status(reserved.request_id) == {1: CopyState(op)}
        return given

    with ThreadPoolExecutor(len(MACHINES)) as pool:
        given = list(pool.map(issue, range(len(MACHINES))))
    town.store.close()
    swapped = [paper for number, papers in enumerate(given) for paper in papers if paper[0] != people[number]]
    assert swapped == []
    assert max(Counter(number for papers in given for _, number in papers).values()) == 1
    assert [number.split()[3] for _, number in given[0]] == [f"{n:04}" for n in range(1, ROUNDS + 1)]


def test_one_order_sent_many_times_at_once_is_made_once(url: str) -> None:
    """Fault N2: duplicates overtake each other. Each gets the one promise, or is told to ask again."""
    town = Town(url)
    session, rid, together = town.session("hanako"), secrets.token_hex(16), Barrier(8, timeout=900)
    items = (session.item("inkan", 2),)

    def order(_: int) -> Any:
        together.wait()
        return session.reserve(*items, request_id=rid)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(order, range(8)))
    kept = [answer for answer in answers if isinstance(answer, Reserved)]
    assert {repr(answer) for answer in kept} == {repr(session.reserved(*items, request_id=rid))}
    with town.store.reading() as c:
        assert c.scalar(sa.select(sa.func.count()).select_from(copies)) == 2
    town.store.close()


def test_pins_tried_at_once_are_all_counted(url: str) -> None:
    town = Town(url)
    card, together = town.municipal_card("yoshiko"), Barrier(8, timeout=900)

    def guess(number: int) -> Any:
        peer, nonce = MACHINES[number], secrets.token_bytes(16)
        challenge = town.line(peer).challenge(nonce, card.read)
        assert isinstance(challenge, Challenge)
        proof = card.prove(challenge, nonce, peer.name, b"%04d" % number)
        together.wait()
        return town.line(peer).authenticate(nonce, challenge, proof)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(guess, range(8)))
    with town.store.reading() as c:
        assert c.scalar(sa.select(cards.c.pin_failures)) == 3
    town.store.close()
    weighed = [answer for answer in answers if answer != CentreRefused(CentreRefusal.PIN_BLOCKED, 0)]
    assert Counter(weighed) == Counter(
        [CentreRefused(CentreRefusal.WRONG_PIN, 2), CentreRefused(CentreRefusal.WRONG_PIN, 1)]
    )
