"""Cards that answer random and mutated bytes: the driver must end each visit with one of its typed outcomes.

`run(seed, answers)` plays visits until so many answers were given and returns how often each outcome came; the suite
runs some thousands, `make bench` a million. Many answers are true, so that false ones come at every step of a visit.
"""

import random
from collections import Counter
from collections.abc import Callable

from drivers.errors import DeviceError
from drivers.vocabulary import CardNotUsable, CardProof, PinBlocked, WrongPin
from host_sim.models.card import ChipCard, Manners
from host_sim.models.chip import Data, Key
from tests.unit.card.table import ALL, Table, bound, challenge, jpki_card, municipal_card, pin_of, storage_of

_WORDS = (0x9000, 0x6282, 0x6300, 0x63C0, 0x63C3, 0x6700, 0x6982, 0x6983, 0x6984, 0x6A82, 0x6B00, 0x6F00)


def run(seed: int, answers: int) -> Counter[str]:
    """Outcome -> how often. Raises AssertionError with the seed of the visit when a visit ends in any other way."""
    outcomes: Counter[str] = Counter()
    given = visit_number = 0
    while given < answers:
        visit_seed = f"{seed}/{visit_number}"
        chance = random.Random(visit_seed)
        try:
            outcome, count = _visit(chance)
        except BaseException as error:  # a PanicException of a parser is not an Exception
            raise AssertionError(f"fuzz visit {visit_seed}: {type(error).__name__}: {error}") from error
        outcomes[outcome] += 1
        given += count
        visit_number += 1
    outcomes["answers"] = given
    return outcomes


def _visit(chance: random.Random) -> tuple[str, int]:
    card = chance.choice((_jpki, _jpki, _jpki, _citizen, _resident_register))(chance)
    table = Table(card)
    liar = _Liar(card, chance)
    card.transmit = liar.transmit  # type: ignore[method-assign]
    pin = pin_of("2580")
    proving = False
    try:
        read = table.driver.read(ALL)
        if isinstance(read, CardNotUsable):
            return f"not usable: {read.reason}", liar.answers
        proving = True
        proof = table.driver.prove(pin, read, challenge(), bound())
    except DeviceError as error:
        return type(error).__name__, liar.answers
    finally:
        assert not proving or storage_of(pin) == bytes(16)
        assert card.state.get("jpki/0018", 3) >= 2, "a try was spent twice"
        table.driver.release()
    assert isinstance(proof, CardProof | WrongPin | PinBlocked)
    return type(proof).__name__, liar.answers


class _Liar:
    """Changes some of a card's answers."""

    def __init__(self, card: ChipCard, chance: random.Random) -> None:
        self._true: Callable[[bytes], bytes] = card.transmit
        self._chance = chance
        self._rate = chance.choice((0.02, 0.1, 0.5))
        self.answers = 0

    def transmit(self, apdu: bytes) -> bytes:
        self.answers += 1
        answer = self._true(apdu)
        if self._chance.random() >= self._rate:
            return answer
        if apdu[1] == 0x20 and self._chance.random() < 0.7:  # the status words on which a PIN try depends
            return self._chance.choice(_WORDS).to_bytes(2, "big")
        return _mutated(answer, self._chance)


def _mutated(answer: bytes, chance: random.Random) -> bytes:
    data, word = bytearray(answer[:-2]), answer[-2:]
    match chance.randrange(8):
        case 0:
            return chance.randbytes(chance.randrange(0, 300))
        case 1:
            return bytes(data) + chance.choice(_WORDS).to_bytes(2, "big")
        case 2:
            return bytes(data) + chance.randbytes(2)
        case 3:
            return answer[: chance.randrange(len(answer) + 1)]
        case 4:
            return bytes(data) + chance.randbytes(chance.randrange(1, 40)) + word
        case 5:
            return bytes(data) + bytes([chance.choice((0x61, 0x6C)), chance.randrange(256)])
        case 6:
            del data[chance.randrange(len(data) + 1) :]
            return bytes(data) + word
        case _:
            for _ in range(chance.randrange(1, 4)):
                if data:
                    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            return bytes(data) + word


def _manners(chance: random.Random) -> Manners:
    return Manners(t0=chance.random() < 0.3, end_warning=chance.random() < 0.3, read_max=chance.choice((0x80, 256)))


def _quick(card: ChipCard) -> ChipCard:
    """Replace the signature, which takes longer than all other commands, by zeros; no test here looks at it."""
    for application in card.applications:
        for file in application.files.values():
            if isinstance(file, Key) and not file.internal:
                file.sign = lambda _content: bytes(256)
    return card


def _jpki(chance: random.Random) -> ChipCard:
    card = jpki_card(manners=_manners(chance))
    certificate = card.applications[0].files[0x0A]
    if chance.random() < 0.5 and isinstance(certificate, Data):
        spoilt = bytearray(certificate.content)
        for _ in range(chance.randrange(1, 5)):
            spoilt[chance.randrange(1000)] = chance.randrange(256)
        certificate.content = bytes(spoilt)
    return _quick(card)


def _citizen(chance: random.Random) -> ChipCard:
    return municipal_card(manners=_manners(chance))


def _resident_register(chance: random.Random) -> ChipCard:
    return _quick(municipal_card(kind="resident_register", beside_jpki=True, manners=_manners(chance)))
