"""Residents for whole sessions in virtual time: each looks at a new scene and acts after a person's reaction time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from firmware.session import scenes as show
from host_sim.rig.machine import RigMachine
from host_sim.wallet import WalletCard

Deed = Callable[[RigMachine, show.Scene], None]


@dataclass
class Person:
    """Wants `copies` of the `kind`-th certificate and pays with `coins`. `deeds`: scene -> what to do there instead.

    `think_s`: from a new scene to the first key; `apart_s`: from coin to coin.
    """

    card: WalletCard
    coins: Sequence[int] = (100, 100, 100)
    kind: str = "2"
    copies: int = 1
    pin: str | None = None
    second_pin: str | None = None  # typed after a wrong PIN
    then: str | None = None  # title of a second kind for the same basket
    think_s: float = 1.0
    apart_s: float = 1.0
    comes_after_s: float = 0.0  # so long the machine stands idle before
    gives_up_after_s: float | None = None  # presses cancel so long after the last coin
    quits_at: type[show.Scene] | None = None  # takes the card and walks away at this scene
    leaves_paper: bool = False
    purpose: str = "0"  # the number of what the paper is for; 0: item by item
    looks: str = ""  # keys pressed one after another at the pages, which are asked for before paying
    code: str = ""  # an exemption code, typed when the menu asks for one
    on_scene: Callable[[show.Scene], None] = lambda _: None
    on_fault: Callable[[str], None] = lambda _: None  # called when they do what a machine must bear
    deeds: dict[type[show.Scene], Deed] = field(default_factory=dict)
    seen: list[show.Scene] = field(default_factory=list)
    _paid: bool = False
    _wrong_to_come: int = 0

    def __call__(self, machine: RigMachine, scene: show.Scene) -> None:
        self.seen.append(scene)
        self.on_scene(scene)
        if self.quits_at is not None and isinstance(scene, self.quits_at):
            machine.watchers.clear()
            machine.clock.after(self.think_s, machine.reader.remove)
            return
        deed = self.deeds.get(type(scene))
        if deed is not None:
            deed(machine, scene)
            return
        self._act(machine, scene, machine.clock.monotonic())

    def _act(self, machine: RigMachine, scene: show.Scene, now_s: float) -> None:
        match scene:
            case show.EnterPin(count=0, countdown_s=None):
                self.type_pin(machine, now_s)
            case show.TakeCard(countdown_s=None) | show.Sorry(countdown_s=None):
                machine.clock.at(now_s + self.think_s, machine.reader.remove)
            case show.Pay() if not self._paid:
                self._pay(machine, now_s)
            case show.TakePaper(countdown_s=None) if not self.leaves_paper:
                machine.take_paper(now_s + self.think_s * 1.5)
            case _ if (key := self._key(scene)) is not None:
                machine.tap(key, now_s + self.think_s)

    def _key(self, scene: show.Scene) -> str | None:
        """The one key that leads on from a scene."""
        match scene:
            case show.Consent(countdown_s=None):
                return "enter"
            case show.LastTry(countdown_s=None):
                return "enter"
            case show.ChooseKind(countdown_s=None):
                return "0" if scene.takes_code and self.code else self.kind
            case show.ChoosePurpose(countdown_s=None):
                return self.purpose
            case show.TypeCode(countdown_s=None):
                return self._next_of_code(scene)
            case show.ChooseOption(countdown_s=None):
                return "1"
            case show.ChooseCopies(countdown_s=None):
                return "enter" if scene.copies == self.copies else str(self.copies)
            case show.Basket(countdown_s=None) | show.Preview(countdown_s=None):
                return self._next_of_order(scene)
        return None

    def _next_of_order(self, scene: show.Basket | show.Preview) -> str:
        """Another paper, a look at the pages, or on to the money."""
        if isinstance(scene, show.Preview):
            key, self.looks = self.looks[:1], self.looks[1:]
            return key or "enter"
        if self.then and scene.may_add:
            self.kind, self.then = self.then, None
            return "1"
        return "2" if self.looks and scene.may_preview else "enter"

    def _next_of_code(self, scene: show.TypeCode) -> str:
        """The next digit; after a wrong code, the key that goes back without one, again if a bouncing key undid it."""
        if scene.wrong or not self.code:
            self.code = ""
            return "clear"
        return self.code[len(scene.code)] if len(scene.code) < scene.digits else "enter"

    def _pay(self, machine: RigMachine, now_s: float) -> None:
        self._paid = True
        for number, coin in enumerate(self.coins):
            machine.drop(coin, now_s + self.think_s + number * self.apart_s)
        last_s = now_s + self.think_s + (len(self.coins) - 1) * self.apart_s
        machine.clock.at(last_s, lambda: self.on_fault("person paid"))
        if self.gives_up_after_s is not None:
            machine.tap("cancel", last_s + self.gives_up_after_s)
            machine.clock.at(last_s + self.gives_up_after_s, lambda: self.on_fault("person gives up"))

    def pay_with(self, coins: Sequence[int], apart_s: float) -> None:
        self.coins, self.apart_s = coins, apart_s

    def enter_wrong_first(self, times: int) -> None:
        """Type 0000 so many times, then the right PIN."""
        self._wrong_to_come = times

    def type_pin(self, machine: RigMachine, now_s: float) -> None:
        digits = self.pin or self.card.pin or "0000"
        self.pin = self.second_pin or self.pin
        if self._wrong_to_come:
            self._wrong_to_come -= 1
            digits = "0000"
            self.on_fault("person types a wrong PIN")
        between_s = 0.3 * min(1.0, self.think_s)
        for number, digit in enumerate((*digits, "enter")):
            machine.tap(digit, now_s + 0.5 * self.think_s + number * max(between_s, 0.25))


@dataclass
class Clerk:
    """At a counter terminal: chooses what the person wants, takes the fee and hands over.

    `deeds`: word of an `AtCounter` or type of scene -> the keys to press there instead, none for a clerk who has left.
    `codes`: what each of the two clerks types, first the number beside the name.
    """

    person: Person
    codes: Sequence[str] = ()
    think_s: float = 1.0
    deeds: Mapping[str | type[show.Scene], str | None] = field(default_factory=dict)
    seen: list[show.Scene] = field(default_factory=list)

    def __call__(self, machine: RigMachine, scene: show.Scene) -> None:
        self.seen.append(scene)
        word = scene.what if isinstance(scene, show.AtCounter) else type(scene)
        if scene.countdown_s is not None:
            return
        if word == "hand_over_seen" and word not in self.deeds:
            machine.take_paper(machine.clock.monotonic() + self.think_s)
        keys = [self.deeds[word]] if word in self.deeds else self._keys(scene)
        for number, key in enumerate(keys):
            if key is not None:
                machine.tap_clerk(key, machine.clock.monotonic() + self.think_s + 0.4 * number)

    def _keys(self, scene: show.Scene) -> Sequence[str | None]:
        person = self.person
        match scene:
            case show.AtCounter(what="take_fee" | "return_fee" | "hand_over"):
                return ["enter"]
            case show.ClerkCode(chosen=None, second=second) if self.codes:
                return [*self.codes[second], "enter"]
            case (
                show.ChooseKind()
                | show.ChoosePurpose()
                | show.TypeCode()
                | show.ChooseOption()
                | show.ChooseCopies()
                | show.Basket()
            ):
                return [person._key(scene)]  # noqa: SLF001  what the resident told the clerk
        return []


def serve(machine: RigMachine, person: Person, limit_s: float = 900.0) -> Person:
    """Serve one resident from card in to idle, then wait until the centre has acknowledged every advice."""
    machine.serve(person, person.card.chip, limit_s)
    machine.settle_advices()
    return person


def tap_at_first(scene: type[show.Scene], key: str, after_s: float = 1.0) -> dict[type[show.Scene], Deed]:
    """A deed: press this key once, the first time the scene is shown."""
    done: list[bool] = []

    def deed(machine: RigMachine, _: show.Scene) -> None:
        if not done:
            done.append(True)
            machine.tap(key, machine.clock.monotonic() + after_s)

    return {scene: deed}
