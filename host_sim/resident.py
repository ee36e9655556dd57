"""A simulated resident on an errand: reads the machine's published state and does what a person would do.

The resident knows the card's PIN, the certificate wanted and the coins in the purse, and acts only through the world's
keys, coins and card. Like a person, it reacts some time after the screen changed, and tries again when a key seems to
have done nothing.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from PIL import Image

from host_sim.centre.forms import KINDS

LINES_PER_PAGE = 6
_LOOK_S = 0.02
# Patience is counted in looks, not in seconds, so that it does not run out when the computer is slow or stands still.
_AGAIN_LOOKS = 150  # nothing happened: try once more
_UNNOTICED_LOOKS = 1500  # the card lies in the reader and nothing happens
_COIN_LOOKS = 250  # wait for the slot to open, or for a coin to be counted or come back
_TRIES = 4
_NEXT_COIN_S = 0.15  # coins closer together than this would come back


class Hands(Protocol):
    """What a resident needs of a world."""

    def machine(self) -> Mapping[str, object]:
        """The machine's published state (`state.json`)."""
        ...

    def insert_card(self, name: str) -> None: ...

    def remove_card(self) -> None: ...

    def press(self, key: str) -> None: ...

    @property
    def has_clerk(self) -> bool:
        """Whether it is a counter terminal."""
        ...

    def press_clerk(self, key: str) -> None: ...

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
    code: str = field(default="", repr=False)  # of an exemption, from a desk's slip
    purse: tuple[int, ...] = ()
    reaction_s: float = 0.15  # from seeing to acting
    vouch: Callable[[int], Sequence[str]] | None = field(default=None, repr=False)  # keys of clerk 0 or 1; None: by PIN


@dataclass(slots=True)
class Bag:
    """What the resident takes away, and how long each state took."""

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

    def __init__(
        self,
        hands: Hands,
        errand: Errand,
        say: Callable[[str], None] = lambda _: None,
        watch: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`say`: told each new state; `watch`: told it again when the person acts, with the state on the screens."""
        self.bag = Bag()
        self._watch = watch
        self._hands = hands
        self._errand = errand
        self._say = say
        self._purse = list(errand.purse)
        self._pin_typed = self._code_typed = False
        self._seen: Mapping[str, object] = {}

    def run(self, timeout_s: float) -> Bag:
        """Do the errand. Never raises for what a machine does; `bag.trouble` says why it ended early."""
        end_s = time.monotonic() + timeout_s
        try:
            self._wait_for_service(end_s)
            session = self._seen.get("session")
            begun_s = time.monotonic()
            if self._errand.vouch is not None:
                self._hands.press_clerk("1")
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
                raise GaveUp(f"The machine does not serve: {self._seen.get('availability', 'silent')} ({told}).")
            time.sleep(_LOOK_S)

    def _serve(self, end_s: float, begun_s: float, session_before: object) -> None:
        """Act once when a state begins, and again when the state does not change, until the machine is idle."""
        state, question, since_s, tries = "idle", self._seen.get("question"), begun_s, 0
        looks = unnoticed = 0  # since we last acted or saw something new; since the card went in
        while True:
            now_s = time.monotonic()
            looks, unnoticed = looks + 1, unnoticed + 1
            seen = self._look()
            if seen != state:
                self._note(state, now_s - since_s)
                self._say(seen)
                state, question, since_s, tries, looks = seen, self._seen.get("question"), now_s, 0, 0
                if state == "idle":
                    self.bag.timings_ms["total"] = round((now_s - begun_s) * 1000)
                    return
            elif tries and self._seen.get("question") != question:
                question, tries = self._seen.get("question"), 0  # the next one, or a line was marked
                time.sleep(self._errand.reaction_s)
            if now_s > end_s:
                raise GaveUp(f"The time limit is over and the machine is still in state {state}.")
            if state == "idle" and unnoticed > _UNNOTICED_LOOKS and self._seen.get("session") == session_before:
                shut = self._seen.get("scene") == "Closed"
                raise GaveUp("The machine is closed at this hour." if shut else "The machine did not notice the card.")
            due = looks >= _AGAIN_LOOKS if tries else now_s - since_s >= self._errand.reaction_s
            if due and tries < _TRIES and state != "idle":
                self._act(state, first=tries == 0)
                tries, looks = tries + 1, 0
            time.sleep(_LOOK_S)

    def _note(self, state: str, seconds: float) -> None:
        self.bag.timings_ms[state] = self.bag.timings_ms.get(state, 0) + round(seconds * 1000)

    # --- acting ---------------------------------------------------------------------------------

    def _act(self, state: str, *, first: bool) -> None:
        hands = self._hands
        self._watch(state)
        match state:
            case "last_try" | "consenting" | "previewing":
                hands.press("enter")
            case "confirming" | "taking_fee" | "returning_fee":
                self._staff("enter")
            case "attending_first" | "attending_second" if self._errand.vouch is not None:
                self._staff("clear", *self._errand.vouch(int(state == "attending_second")))
            case "entering_pin":
                self._type_pin(first=first)
            case "taking_card" | "taking_card_alarm" | "returning_card" | "sorry_card_in":
                hands.remove_card()
            case "choosing_kind" | "choosing_purpose" | "typing_code" | "choosing_options" | "choosing_copies":
                self._choose(state, first=first)
            case "paying" | "part_paid":
                self._pay()
            case "taking_paper" | "taking_paper_alarm" if first:
                self._take_everything()
            case "taking_paper" | "taking_paper_alarm" | "done" | "sorry":  # for a printer that cannot see its exit
                self._take_everything()
                self._staff("enter")

    def _staff(self, *keys: str) -> None:
        """Keys that the clerk of a counter terminal presses, and at a machine the resident."""
        for key in keys:
            (self._hands.press_clerk if self._hands.has_clerk else self._hands.press)(key)

    def _choose(self, state: str, *, first: bool) -> None:
        match state:
            case "choosing_kind" if self._errand.code and not self._code_typed:
                self._ask_for_code(first=first)
            case "typing_code":
                self._type_code(first=first)
            case "choosing_kind":
                self._choose_kind()
            case "choosing_purpose":
                self._staff("0")
            case "choosing_options":
                self._staff("enter" if first else "1")
            case _:
                self._staff(str(self._errand.copies), "enter")

    def _type_pin(self, *, first: bool) -> None:
        """Type the PIN once. A resident whose PIN was wrong cancels."""
        if self._errand.pin is None or (first and self._pin_typed):
            self._hands.press("cancel")
            return
        if not first:
            self._hands.press("clear")
        for digit in self._errand.pin:
            self._hands.press(digit)
        self._hands.press("enter")
        self._pin_typed = True

    def _ask_for_code(self, *, first: bool) -> None:
        if first:
            self._staff("0")
        else:
            self._cancel("The machine takes no exemption code from this card now; grant one first.")

    def _type_code(self, *, first: bool) -> None:
        """Type the exemption code once. A resident whose code was refused cancels: the certificate was to cost less."""
        if first and self._code_typed:
            self._cancel("The machine refused the exemption code.")
            return
        self._staff(*self._errand.code, "enter")
        self._code_typed = True

    def _cancel(self, trouble: str) -> None:
        self.bag.trouble = trouble
        self._hands.press("cancel")

    def _choose_kind(self) -> None:
        if self._errand.certificate not in KINDS:
            raise GaveUp(f"There is no certificate {self._errand.certificate}. Use one of: {', '.join(KINDS)}.")
        index = KINDS.index(self._errand.certificate)
        for _ in range(index // LINES_PER_PAGE):
            self._staff("next")
        self._staff(str(index % LINES_PER_PAGE + 1))

    def _pay(self) -> None:
        """Drop coins until the fee is paid. A coin that comes back is tried once more, then kept."""
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
        """Wait as long as a hand needs for the next coin, then for the lamp beside the slot."""
        time.sleep(_NEXT_COIN_S)
        for _ in range(_COIN_LOOKS):
            if self._hands.slot_open():
                return
            time.sleep(_LOOK_S)

    def _credited(self, coin_yen: int, before_yen: int) -> bool:
        """Whether the machine counted the coin: False when it lies in the return cup, or after `_COIN_LOOKS` looks.

        A pulse acceptor counts a coin in steps, so the wait begins anew each time the sum grows.
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
