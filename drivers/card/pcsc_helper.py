"""The helper process of the PC/SC reader, and the only file that imports pyscard.

Why a process: SCardTransmit takes no deadline. When a card asks for more time for ever, or pcscd hangs, the
call does not return and no other call ends it, but a process can be ended. Also, pyscard copies a VERIFY command
into lists and C memory that Python cannot wipe; they end with the process (pcsc.py starts a new one for the next card).

It serves one socket, its standard input: one message in, one message out, until the other side closes it. It imports
none of our modules, so that it starts in a few hundredths of a second.

    in   P <known> <milliseconds>   wait for the presence to change from <known>    out  = <presence>
    in   N                          the names of all readers                        out  = <names, NUL between>
    in   C                          power the card, exclusively                     out  = <ATR>
    in   T <command>                one exchange                                    out  = <reply>
    in   D                          reset the card and let go of it                 out  =
    out instead of =: R the card was pulled, M it does not answer to reset, F the exchange failed, B another program holds the card,
                      G <sentence> no reader or pcscd
"""

import ctypes
import resource
import select
import socket
import sys
import time

from smartcard import scard

PRESENT, NOT_PRESENT, UNKNOWN = b"1", b"0", b"?"
_PULLED = frozenset(
    {scard.SCARD_W_REMOVED_CARD, scard.SCARD_W_RESET_CARD, scard.SCARD_E_NO_SMARTCARD, scard.SCARD_E_INVALID_HANDLE}
)
_MUTE = frozenset(
    {
        scard.SCARD_W_UNRESPONSIVE_CARD,
        scard.SCARD_W_UNPOWERED_CARD,
        scard.SCARD_W_UNSUPPORTED_CARD,
        scard.SCARD_E_PROTO_MISMATCH,  # an answer to reset that names no protocol
    }
)
_NO_READER = frozenset(
    {
        scard.SCARD_E_NO_SERVICE,
        scard.SCARD_E_SERVICE_STOPPED,
        scard.SCARD_E_READER_UNAVAILABLE,
        scard.SCARD_E_UNKNOWN_READER,
        scard.SCARD_F_COMM_ERROR,
    }
)
_ADVICE = {
    scard.SCARD_E_NO_SERVICE: "start it with systemctl start pcscd.socket",
    scard.SCARD_W_SECURITY_VIOLATION: "polkit refuses this user, so install hardware/polkit (hardware/install.sh does)",
}
_SLICE_S = 0.5  # how often a wait checks for readers plugged in or out
_SETTLE_S = 0.8  # how long pcscd may take to notice that a card was pulled
_LOOKS_MIN = 3  # the first wait may have passed because this whole machine stood still, and pcscd with it
_PLUG_AND_PLAY = "\\\\?PnP?\\Notification"


class _Gone(Exception):
    """The reader or pcscd cannot be used; the message is a sentence."""


class Helper:
    """One reader, given by the beginning of its name and its serial number (or ""), and the card in it."""

    def __init__(self, name: str, serial: str, control: socket.socket) -> None:
        self._name = name
        self._serial = f"({serial})" if serial else ""
        self._control = control
        self._context: int | None = None
        self._card: int | None = None
        self._protocol = 0

    def serve(self) -> None:
        """Answer requests until the other side closes the socket."""
        request = bytearray(1024)
        while True:
            size = self._control.recv_into(request)
            if size == 0:
                self._disconnect()
                return
            try:
                answer = self._answer(bytes(request[:1]), memoryview(request)[1:size])
            except _Gone as gone:
                answer = b"G" + str(gone).encode()
            finally:
                request[:size] = bytes(size)
            self._control.send(answer)

    def _answer(self, what: bytes, data: memoryview) -> bytes:
        match what:
            case b"P":
                return b"=" + self._presence(bytes(data[:1]), int.from_bytes(data[1:], "big") / 1000)
            case b"N":
                return b"=" + "\0".join(self._names()).encode()
            case b"C":
                return self._connect()
            case b"T":
                return self._transmit(data)
            case _:
                self._disconnect()
                return b"="

    # --- presence -------------------------------------------------------------------------------

    def _presence(self, known: bytes, timeout_s: float) -> bytes:
        """Wait until the presence differs from `known`, or `timeout_s`; return it.

        Each turn hands the last reader state back to pcscd, so that pcscd only reports a change.
        """
        deadline_s = time.monotonic() + timeout_s
        reader_state = scard.SCARD_STATE_UNAWARE
        while True:
            try:
                reader: str | None = self._reader()
                presence, reader_state = self._look(reader, reader_state, 0.0)
            except _Gone:
                reader, presence = None, UNKNOWN
                reader_state = scard.SCARD_STATE_UNAWARE
            left_s = deadline_s - time.monotonic()
            if presence != known or left_s <= 0:
                return presence
            if not self._wait(reader, reader_state, min(left_s, _SLICE_S)):
                return presence

    def _wait(self, reader: str | None, reader_state: int, seconds: float) -> bool:
        """Wait until something may have changed; False when the other side closed the socket or asks anew."""
        if self._context is None:
            return not select.select([self._control], [], [], seconds)[0]
        watched = (_PLUG_AND_PLAY, 0) if reader is None else (reader, reader_state)
        code = scard.SCardGetStatusChange(self._context, max(1, round(seconds * 1000)), [watched])[0]
        if code not in {scard.SCARD_S_SUCCESS, scard.SCARD_E_TIMEOUT}:
            self._lost(code)
        return not select.select([self._control], [], [], 0)[0]

    def _look(self, reader: str | None, state: int, seconds: float) -> tuple[bytes, int]:
        code, states = scard.SCardGetStatusChange(self._context, round(seconds * 1000), [(reader, state)])
        if code not in {scard.SCARD_S_SUCCESS, scard.SCARD_E_TIMEOUT} or not states:
            raise self._lost(code)
        seen = states[0][1] & ~scard.SCARD_STATE_CHANGED
        if seen & scard.SCARD_STATE_PRESENT:
            return PRESENT, seen
        if seen & scard.SCARD_STATE_EMPTY:
            return NOT_PRESENT, seen
        raise _Gone("the card reader was unplugged")

    # --- the card -------------------------------------------------------------------------------

    def _connect(self) -> bytes:
        reader = self._reader()
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        code, card, protocol = scard.SCardConnect(self._context, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols)
        if code in _MUTE:
            code, card, protocol = self._power_again(reader, protocols)
        if code in _MUTE:
            return b"M"
        if code in _PULLED:
            return b"R"
        if code == scard.SCARD_E_SHARING_VIOLATION:
            return b"B"
        if code != scard.SCARD_S_SUCCESS:
            raise self._lost(code)
        self._card, self._protocol = card, protocol
        atr = scard.SCardStatus(card)[4]
        return b"=" + bytes(atr)

    def _power_again(self, reader: str, protocols: int) -> tuple[int, int, int]:
        """pcscd powers a card when it is put in, and leaves one that failed then as it is, until somebody takes its power away."""
        code, card, protocol = scard.SCardConnect(self._context, reader, scard.SCARD_SHARE_DIRECT, 0)
        if code != scard.SCARD_S_SUCCESS:
            return scard.SCARD_W_UNRESPONSIVE_CARD, card, protocol
        code, protocol = scard.SCardReconnect(card, scard.SCARD_SHARE_EXCLUSIVE, protocols, scard.SCARD_UNPOWER_CARD)
        if code != scard.SCARD_S_SUCCESS:
            scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD)
        return code, card, protocol

    def _transmit(self, command: memoryview) -> bytes:
        if self._card is None:
            return b"R"
        told = _for_t0(command) if self._protocol == scard.SCARD_PROTOCOL_T0 else command
        # pyscard wants a list of ints. A freed list keeps its pointers, and a pointer to a small int gives away the
        # digit. So each place is overwritten in the list itself: `clear` or a slice would free it first.
        values = [0] * len(told)
        for place, value in enumerate(told):
            values[place] = value
        code, reply = scard.SCardTransmit(self._card, self._protocol, values)
        for place in range(len(values)):
            values[place] = 0
        if code == scard.SCARD_S_SUCCESS:
            # Some readers report success with no bytes when the card is pulled during the exchange.
            answer = b"=" + bytes(value & 0xFF for value in reply)
            return answer if len(reply) >= 2 else self._why_failed()
        if code in _PULLED:
            return b"R"
        if code in _NO_READER:
            raise self._lost(code)
        return self._why_failed()

    def _why_failed(self) -> bytes:
        """After an exchange that failed without a clear code: R if pcscd soon reports the card pulled, else F."""
        deadline_s, looks = time.monotonic() + _SETTLE_S, 0
        state = scard.SCARD_STATE_UNAWARE
        while (left_s := deadline_s - time.monotonic()) > 0 or looks < _LOOKS_MIN:
            presence, state = self._look(self._reader(), state, 0.0 if state == 0 else max(left_s, _SETTLE_S / 2))
            if presence == NOT_PRESENT:
                return b"R"
            looks += 1
        return b"F"

    def _disconnect(self) -> None:
        if self._card is not None:
            scard.SCardDisconnect(self._card, scard.SCARD_RESET_CARD)
            self._card = None

    # --- the service ----------------------------------------------------------------------------

    def _names(self) -> list[str]:
        if self._context is None:
            code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
            if code != scard.SCARD_S_SUCCESS:
                raise _Gone(f"the smart-card service (pcscd) does not answer: {_words(code)}")
            self._context = context
        code, readers = scard.SCardListReaders(self._context, [])
        if code == scard.SCARD_E_NO_READERS_AVAILABLE:
            return []
        if code != scard.SCARD_S_SUCCESS:
            raise self._lost(code)
        return list(readers)

    def _reader(self) -> str:
        for name in self._names():
            if name.startswith(self._name) and self._serial in name:
                return name
        which = f" and has {self._serial} in it" if self._serial else ""
        raise _Gone(f"there is no card reader whose name begins with {self._name!r}{which}")

    def _lost(self, code: int) -> _Gone:
        """Release the context, which is useless after pcscd restarts; return the error to raise."""
        if self._context is not None:
            scard.SCardReleaseContext(self._context)
        self._card = self._context = None
        return _Gone(f"the smart-card service (pcscd) answered: {_words(code)}")


def _for_t0(command: memoryview) -> memoryview | bytes:
    """The command as T=0 sends it: case 1 gets length 0, case 4 loses its Le (ISO/IEC 7816-3, 12.2)."""
    if len(command) == 4:
        return bytes(command) + b"\x00"
    if len(command) > 5 and len(command) == 6 + command[4]:
        return command[:-1]
    return command


def _words(code: int) -> str:
    words = str(scard.SCardGetErrorMessage(code)).rstrip(".")
    return f"{words}; {_ADVICE[code]}" if code in _ADVICE else words


def _no_onlookers() -> None:
    """Forbid core dumps, and other processes of this user to read the memory, which may hold a PIN. Root still can.

    The machine has the same protection, but exec resets it, so the helper sets it for itself.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if ctypes.CDLL(None).prctl(4, 0, 0, 0, 0) != 0:  # PR_SET_DUMPABLE, linux/prctl.h
        sys.exit("the card helper cannot protect its memory (prctl PR_SET_DUMPABLE failed), so it does not start")


def main() -> None:
    _no_onlookers()
    with socket.socket(fileno=0) as control:
        Helper(sys.argv[1], sys.argv[2], control).serve()


if __name__ == "__main__":
    main()
