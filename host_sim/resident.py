"""A simulated resident on an errand: looks at what the machine says of itself, and does what a person would do.

The resident knows the card's PIN, which certificate is wanted, and which coins are in the purse. Everything goes
through the world's hands (keys, coins, card), nothing around them. A person needs a moment to see that the
screen has changed, and tries again when a key seems to have done nothing; so does this one.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from host_sim.centre.forms import KINDS

LINES_PER_PAGE = 6
_LOOK_S = 0.02
# A resident's patience is counted in looks: a computer that stands still, or is slow, does not use it up.
_AGAIN_LOOKS = 150  # nothing happened: try once more
_UNNOTICED_LOOKS = 1500  # the card lies in the reader and nothing happens
_COIN_LOOKS = 250  # for the slot to open, and for a coin to be counted or come back
_TRIES = 4
_NEXT_COIN_S = 0.15  # two coins closer together than a hand can would both come back


class Hands(Protocol):
    """What a resident needs of a world."""

    def machine(self) -> Mapping[str, object]:
        """What the machine publishes of itself."""
        ...

    def screen(self) -> Image.Image | None: ...

    def insert_card(self, name: str) -> None: ...

    def remove_card(self) -> None: ...

    def press(self, key: str) -> None: ...

    def slot_open(self) -> bool:
        """The lamp beside the coin slot."""
        ...

    def drop_coin(self, yen: int) -> None: ...

    def take_paper(self) -> Sequence[Image.Image]: ...

    def take_receipt(self) -> Sequence[Image.Image]: ...

    def take_change(self) -> Sequence[int]: ...

    def take_returned(self) -> Sequence[int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a resident came for. `purse`: coins in the order they are dropped."""

    card: str
    pin: str | None = field(repr=False)
    certificate: str
    copies: int = 1
    purse: tuple[int, ...] = ()
    reaction_s: float = 0.15  # from seeing to acting


@dataclass(slots=True)
class Bag:
    """What the resident carries away, and how long each part took."""

    papers: list[Image.Image] = field(default_factory=list)
    receipts: list[Image.Image] = field(default_factory=list)
    change: list[int] = field(default_factory=list)
    spent: list[int] = field(default_factory=list)
    timings_ms: dict[str, int] = field(default_factory=dict)
    reason: str | None = None
    trouble: str | None = None  # why the errand was given up, in a sentence


class GaveUp(Exception):
    """The errand cannot go on; the message is a sentence."""


class Resident:
    """One errand from IDLE to IDLE."""

    def __init__(self, hands: Hands, errand: Errand, say: Callable[[str], None] = lambda _: None) -> None:
        self.bag = Bag()
        self._hands = hands
        self._errand = errand
        self._say = say
        self._purse = list(errand.purse)
        self._pin_typed = False
        self._seen: Mapping[str, object] = {}

    def run(self, timeout_s: float) -> Bag:
        """Do the errand. Never raises for what a machine does; `bag.trouble` says why it ended early."""
        end_s = time.monotonic() + timeout_s
        try:
            self._wait_for_service(end_s)
            session = self._seen.get("session")
            begun_s = time.monotonic()
            self._hands.insert_card(self._errand.card)
            self._serve(end_s, begun_s, session)
        except GaveUp as trouble:
            self.bag.trouble = str(trouble)
        self._take_everything()
        return self.bag

    # --- watching -------------------------------------------------------------------------------

    def _look(self) -> str:
        self._seen = self._hands.machine()
        if self._seen.get("reason"):
            self.bag.reason = str(self._seen["reason"])
        return str(self._seen.get("state", "")).lower()

    def _wait_for_service(self, end_s: float) -> None:
        while self._look() != "idle" or str(self._seen.get("availability", "")).lower() != "in_service":
            if time.monotonic() > end_s:
                reasons = self._seen.get("reasons") or []
                told = ", ".join(map(str, reasons)) if isinstance(reasons, list) and reasons else "no reason given"
                raise GaveUp(f"The machine takes nobody: {self._seen.get('availability', 'silent')} ({told}).")
            time.sleep(_LOOK_S)

    def _serve(self, end_s: float, begun_s: float, session_before: object) -> None:
        """Watch the states go by; act once when one begins, and again when nothing comes of it."""
        state, picture, since_s, tries = "idle", b"", begun_s, 0
        looks = unnoticed = 0  # since we last acted or saw something new; since the card went in
        while True:
            now_s = time.monotonic()
            looks, unnoticed = looks + 1, unnoticed + 1
            seen = self._look()
            if seen != state:
                self._note(state, now_s - since_s)
                self._say(seen)
                state, picture, since_s, tries, looks = seen, self._picture(seen), now_s, 0, 0
                if state == "idle":
                    self.bag.timings_ms["total"] = round((now_s - begun_s) * 1000)
                    return
            elif state == "choosing_options" and tries and self._picture(state) != picture:
                picture, tries = self._picture(state), 0  # the next question
                time.sleep(self._errand.reaction_s)
            if now_s > end_s:
                raise GaveUp(f"The time is over; the machine stands at {state}.")
            if state == "idle" and unnoticed > _UNNOTICED_LOOKS and self._seen.get("session") == session_before:
                raise GaveUp("The machine did not notice the card.")
            due = looks >= _AGAIN_LOOKS if tries else now_s - since_s >= self._errand.reaction_s
            if due and tries < _TRIES and state != "idle":
                self._act(state, first=tries == 0)
                tries, looks = tries + 1, 0
            time.sleep(_LOOK_S)

    def _picture(self, state: str) -> bytes:
        """The screen, where only it tells one question from the next."""
        if state != "choosing_options":
            return b""
        screen = self._hands.screen()
        return b"" if screen is None else screen.tobytes()

    def _note(self, state: str, seconds: float) -> None:
        self.bag.timings_ms[state] = self.bag.timings_ms.get(state, 0) + round(seconds * 1000)

    # --- acting ---------------------------------------------------------------------------------

    def _act(self, state: str, *, first: bool) -> None:
        hands = self._hands
        match state:
            case "last_try" | "confirming":
                hands.press("enter")
            case "entering_pin":
                self._type_pin(first=first)
            case "taking_card" | "taking_card_alarm" | "returning_card" | "sorry_card_in":
                hands.remove_card()
            case "choosing_kind":
                self._choose_kind()
            case "choosing_options":
                hands.press("enter" if first else "1")
            case "choosing_copies":
                hands.press(str(self._errand.copies))
                hands.press("enter")
            case "paying" | "part_paid":
                self._pay()
            case "taking_paper" | "taking_paper_alarm" if first:
                self._take_everything()
            case "taking_paper" | "taking_paper_alarm" | "done" | "sorry":  # a printer that cannot see its exit asks
                self._take_everything()
                hands.press("enter")

    def _type_pin(self, *, first: bool) -> None:
        """The PIN once; a resident whose PIN was wrong does not guess on, but stops."""
        if self._errand.pin is None or (first and self._pin_typed):
            self._hands.press("cancel")
            return
        if not first:
            self._hands.press("clear")
        for digit in self._errand.pin:
            self._hands.press(digit)
        self._hands.press("enter")
        self._pin_typed = True

    def _choose_kind(self) -> None:
        if self._errand.certificate not in KINDS:
            raise GaveUp(f"No certificate is called {self._errand.certificate}; there are {', '.join(KINDS)}.")
        index = KINDS.index(self._errand.certificate)
        for _ in range(index // LINES_PER_PAGE):
            self._hands.press("next")
        self._hands.press(str(index % LINES_PER_PAGE + 1))

    def _pay(self) -> None:
        """Drop coins until the machine has enough; a coin that comes back is tried once more, then put away."""
        fee_yen, tries = self._yen("fee_yen"), 0
        while (
            str(self._seen.get("state", "")).lower() in {"paying", "part_paid"} and self._yen("inserted_yen") < fee_yen
        ):
            if not self._purse:
                self._hands.press("cancel")
                return
            self._wait_for_slot()
            coin, before_yen = self._purse.pop(0), self._yen("inserted_yen")
            self._hands.drop_coin(coin)
            if self._credited(coin, before_yen):
                self.bag.spent.append(coin)
                tries = 0
                continue
            tries = 1 - tries
            if tries:
                self._purse.insert(0, coin)

    def _wait_for_slot(self) -> None:
        """A hand takes a moment, and waits for the lamp beside the slot."""
        time.sleep(_NEXT_COIN_S)
        for _ in range(_COIN_LOOKS):
            if self._hands.slot_open():
                return
            time.sleep(_LOOK_S)

    def _credited(self, coin_yen: int, before_yen: int) -> bool:
        """Whether the machine has counted the coin; not so when it lies in the return cup, or nothing comes of it.

        A pulse acceptor counts it up bit by bit: as long as the sum grows, the coin is not over.
        """
        seen_yen, looks = before_yen, 0
        while looks < _COIN_LOOKS:
            looks += 1
            state, now_yen = self._look(), self._yen("inserted_yen")
            if state not in {"paying", "part_paid"} or now_yen >= before_yen + max(coin_yen, 1):
                return True
            if now_yen > seen_yen:
                seen_yen, looks = now_yen, 0
            if self._hands.take_returned():
                return False
            time.sleep(_LOOK_S)
        return seen_yen > before_yen

    def _yen(self, name: str) -> int:
        value = self._seen.get(name)
        return value if isinstance(value, int) else 0

    def _take_everything(self) -> None:
        self.bag.papers += self._hands.take_paper()
        self.bag.receipts += self._hands.take_receipt()
        self.bag.change += self._hands.take_change()
        self._hands.take_returned()
