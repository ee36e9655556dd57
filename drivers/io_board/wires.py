"""What hangs on the I/O board, as the drivers above it see it: the key matrix, the door contact, coin wire and inhibit wire.

Each is what `drivers/pin_pad/matrix.py` or `drivers/gpio.py` has for wires on the computer's own pins.
"""

from collections.abc import Callable, Sequence

from drivers.coin.pulse import Edge
from drivers.errors import WrongDevice
from drivers.io_board.frames import Input, Output, Report
from drivers.io_board.link import BEAT_S, BoardLink, CoinWire

ROWS = COLUMNS = 4
_FOLLOWS_S = 0.2  # after the 12 V came on, the acceptor's own pull-up rises
_SLOT = Output.COINS | Output.SUPPLY | Output.GROUND_REFUSES | Output.SLOT_LAMP


class BoardKeys:
    """Satisfies `KeyMatrixPins`. The board scans; every call raises what `BoardLink` raises."""

    def __init__(self, link: BoardLink) -> None:
        self._link = link

    def closed(self) -> frozenset[tuple[int, int]]:
        """Every crossing (row, column) that looked closed at the board's last scan, phantoms included."""
        contacts = self._link.report().contacts
        return frozenset(divmod(bit, COLUMNS) for bit in range(ROWS * COLUMNS) if contacts >> bit & 1)

    def wait_for_activity(self, timeout_s: float) -> bool:
        return self._link.wait_for(lambda report: bool(report.contacts), timeout_s)


class BoardDoor:
    """Satisfies `firmware.ports.Contact`: closed to ground while the door is shut, so a cut wire reads open."""

    def __init__(self, link: BoardLink) -> None:
        self._link = link

    def broken(self) -> bool:
        """Whether the switch is open now; the answer may chatter. Raises what `BoardLink` raises."""
        return Input.DOOR_SHUT not in self._link.report().inputs


class BoardCoins:
    """Satisfies `EdgeSource`: level and time are those of the last `take`, so that they fit its edges."""

    # The board has its edges here within milliseconds, unasked. A rest as for pins would only keep them waiting, and the question
    # for the board's time comes on top; so often costs the line nothing, because each question is in place of a beat.
    rest_s = BEAT_S

    def __init__(self, link: BoardLink) -> None:
        self._link = link
        self._link.hears_coins = True
        self._seen: CoinWire | None = None

    def take(self) -> Sequence[Edge]:
        """See `EdgeSource`. Raises what `BoardLink` raises; the other two do so before the first `take` only."""
        self._seen = self._link.coin_wire()
        return self._seen.edges

    def active(self) -> bool:
        return self._look().active

    def now_s(self) -> float:
        return self._look().now_s

    def _look(self) -> CoinWire:
        if self._seen is None:
            self._link.report()
            return CoinWire(edges=(), active=False, now_s=0.0)
        return self._seen


class BoardSlot:
    """Satisfies `InhibitLine`. `refuses`: the level at which the acceptor refuses coins ("ground" or "floating").

    Holds the slot shut from the first report on. The acceptor has its 12 V while this machine is heard. The lamp at the slot
    is lit while coins are taken.
    """

    def __init__(self, link: BoardLink, refuses: str = "ground") -> None:
        self._link = link
        self._shut = Output.SUPPLY | (Output.GROUND_REFUSES if refuses == "ground" else Output(0))

    def allow(self, accepting: bool) -> None:
        """Returns when the board does it. Raises what `BoardLink` raises."""
        taking = Output.COINS | Output.SLOT_LAMP if accepting else Output(0)
        self._link.hold(self._shut | taking, of=_SLOT)

    def try_out(self) -> None:
        """See `InhibitLine`."""
        there, back = self._shut, self._shut ^ Output.GROUND_REFUSES
        for outputs in (there, back, there):
            self._link.hold(outputs, of=_SLOT)
            if Input.SUPPLY_DISTURBED in self._link.report().inputs:
                self.allow(False)
                raise WrongDevice(
                    "coin",
                    "the wire of its 12 V relay (GP 12 of the I/O board) touches another wire or ground: it does not follow the "
                    "board; put it right.",
                )
            grounded = Output.GROUND_REFUSES in outputs
            if not self._link.wait_for(_inhibit_wire_is(low=grounded), _FOLLOWS_S):
                level = "does not reach ground" if grounded else "stays at ground when it is let go"
                self.allow(False)
                why = f"its inhibit wire (GP 11 of the I/O board) {level}: it is cut, shorted or on another pin; put it right."
                raise WrongDevice("coin", why)


def _inhibit_wire_is(*, low: bool) -> Callable[[Report], bool]:
    return lambda report: (Input.INHIBIT_LOW in report.inputs) is low
