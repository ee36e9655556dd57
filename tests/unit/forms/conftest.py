"""The sample city and one issue from it, shared by the tests of the forms."""

from collections.abc import Sequence
from datetime import date

import pytest

from host_sim.centre import forms, sample
from host_sim.centre.register import Register, Resident
from tests.unit.centre.cities import place_of

TODAY = date(2026, 11, 24)


class Town:
    """Short helpers for what every test does."""

    def __init__(self) -> None:
        self.register: Register = sample.residents()

    def household(self, who: Resident) -> Sequence[Resident]:
        return self.register.members(self.register.household_of(who))

    def issue(self, number: int = 1) -> forms.IssueFacts:
        return forms.IssueFacts(
            issue_number=f"20261124 宮崎市 K01 {number:06d}",
            issued_on=TODAY,
            request_id=f"{number:032x}",
            card_fingerprint=f"{number:064x}",
        )

    def offer(self, kind: str, who: Resident) -> dict[str, object]:
        return forms.offer(kind, who, self.household(who), self.register, TODAY, place_of("store"))

    def answers(self, kind: str, who: Resident, everything: bool) -> dict[str, list[str]]:
        """Answers to an offer's questions: the optional items all printed or left off, else the defaults."""
        chosen = {}
        for group in self.offer(kind, who)["groups"]:  # type: ignore[attr-defined]
            if group["only_if"] is None:
                optional = group["choices"][0]["value"] == "omit"
                chosen[group["key"]] = ["print"] if optional and everything else list(group["default"])
        return chosen

    def typeset(self, kind: str, who: Resident, options: dict[str, list[str]], number: int = 1) -> bytes:
        return forms.typeset(kind, who, self.household(who), options, self.issue(number), self.register)

    def check(self, pdf: bytes, kind: str, who: Resident, options: dict[str, list[str]], number: int = 1) -> list[str]:
        return forms.check(pdf, kind, who, self.household(who), options, self.issue(number), self.register)


@pytest.fixture(scope="session")
def town() -> Town:
    return Town()
