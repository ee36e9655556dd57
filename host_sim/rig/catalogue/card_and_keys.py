"""Rows of the card, its reader and the keypad."""

from firmware.session import scenes as show
from host_sim.models.card_reader import CardReaderModel
from host_sim.rig.catalogue.row import Trouble, row


@row("C1", "card pulled at some APDU")
def _(life: Trouble) -> None:
    chip, at = life.person.card.chip, life.chance(1, 14)
    life.now(lambda: chip.fail("pulled", at=at, acts=life.chance(0, 1) == 1), told="card pulled")


@row("C2", "another card in the same session")
def _(life: Trouble) -> None:
    life.at_scene(show.EnterPin, life.other_card)


@row("C3", "the reader vanishes and returns")
def _(life: Trouble) -> None:
    def unplug() -> None:
        life.machine.reader.unplug()
        life.machine.clock.after(float(life.one_of("0.1 5 60")), life.machine.reader.plug_in)

    life.soon(unplug)


@row("C4", "the card answers what it must not")
def _(life: Trouble) -> None:
    chip, at, name = life.person.card.chip, life.chance(1, 14), life.one_of("status cut long garbage empty label")
    word = int(life.one_of("6982 6983 6984 63c0 63c1 6a82 6f00 6700"), 16)
    life.now(lambda: chip.fail(name, at=at, word=word), told=f"card {name}")


@row("C5", "the card is slow or mute")
def _(life: Trouble) -> None:
    chip, at, name = life.person.card.chip, life.chance(1, 14), life.one_of("slow mute")
    life.now(lambda: chip.fail(name, at=at, seconds=12.0), told=f"card {name}")


@row("C6", "another program holds the card")
def _(life: Trouble) -> None:
    held = CardReaderModel(held_power_ups=int(life.one_of("1 4 1000")))
    life.now(lambda: life.machine.reader.trouble(held), told="reader")


@row("C7", "a reader that cannot carry 256 bytes")
def _(life: Trouble) -> None:
    short = CardReaderModel(answer_max=int(life.one_of("16 60 128 244 255")))
    life.now(lambda: life.machine.reader.trouble(short), told="reader")


@row("C8", "a power-up fails, or one exchange in so many")
def _(life: Trouble) -> None:
    lost = life.chance(0, 1) == 1
    bad = CardReaderModel(power_ups_fail=life.chance(0, 2), fails_every=life.chance(2, 24), answer_lost=lost)
    life.now(lambda: life.machine.reader.trouble(bad), told="reader")


@row("P1", "a key sticks")
def _(life: Trouble) -> None:
    def jam() -> None:
        life.machine.keys.jam(life.one_of("1 5 cancel enter"), life.machine.clock.monotonic())
        life.machine.crew.nudge("keypad")

    life.soon(jam)


@row("P2", "three corners pressed, a fourth key seems down")
def _(life: Trouble) -> None:
    def press() -> None:
        for key in ("1", "2", "4"):
            life.machine.tap(key, life.machine.clock.monotonic(), hold_s=0.3)

    life.soon(press)


@row("P4", "wrong PIN, then right")
def _(life: Trouble) -> None:
    life.now(lambda: life.person.enter_wrong_first(times=life.chance(1, 2)), told="person types a wrong PIN")
