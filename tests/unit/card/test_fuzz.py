"""Random and mutated answers; `make bench` runs a million of them."""

from tests.unit.card.fuzz import run


def test_twenty_thousand_answers() -> None:
    outcomes = run(seed=20261124, answers=20_000)
    # Every outcome must have come, or the fuzz did not reach every step of a visit.
    for outcome in (
        "CardProof",
        "WrongPin",
        "PinBlocked",
        "CardTrouble",
        "not usable: unreadable",
        "not usable: pin_blocked",
    ):
        assert outcomes[outcome] > 2, outcomes
