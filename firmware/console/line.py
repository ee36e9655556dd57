"""Bytes to lines: echo, correction, and what arrow keys and Tab do. Pure.

A line has at most 128 characters of printable ASCII and ends with CR, LF or both. Other bytes are counted and not echoed.
A line that held one is refused whole, because a command that lost a character may be another command. A key that the
line has no use for (PageUp, F5) does nothing: its escape sequence is well formed, so no character of the command is lost.

To the terminal go only letters, backspaces and new rows, so a dumb terminal shows the same as a VT100; that it sends an
arrow key at all is the proof that it has one. A cursor moves only while prompt and text fit in one row, because a backspace
does not go back to the row above.
"""

import textwrap
from dataclasses import dataclass, field

LINE_MAX = 128
ROW = 79
_CR, _LF, _BS, _DEL, _ESC, _TAB, _CTRL_C, _CTRL_U = 13, 10, 8, 127, 27, 9, 3, 21
_SEQUENCE_MAX = 16  # bytes; the longest key with its modifiers has 8
_KEYS = {  # what terminals send: ECMA-48 cursor keys, VT100 application mode, VT220 editing keys
    **{b"\x1b" + bytes((lead,)) + bytes((last,)): name for lead in b"[O" for last, name in zip(
        b"ABCDHF", ("up", "down", "right", "left", "home", "end"), strict=True
    )},
    b"\x1b[1~": "home",
    b"\x1b[4~": "end",
    b"\x1b[3~": "delete",
    b"\x1b[7~": "home",  # rxvt
    b"\x1b[8~": "end",
}  # fmt: skip
# How a key ends that puts no character into a line. Not a number of the keypad (ESC O p to y), nor what draws (m, J).
_KEY_ENDS = b"~^@ABCDEFGHPQRSZabcd"
_LINUX_F = b"\x1b[["  # F1 to F5 of Linux's own console: one more byte follows, against ECMA-48


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `trouble`: "", or why it is not used (`long`, `noise`, `cleared`); then the text is empty."""

    text: str = field(repr=False)  # may be a password
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Helps:
    """What arrow keys and Tab offer at one prompt. `past`: lines typed before, newest last; `words`: beginnings of lines."""

    past: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class LineReader:
    """Makes lines of bytes, and gives the echo for the terminal. Keeps at most `LINE_MAX` bytes."""

    def __init__(self) -> None:
        self.noise = 0  # bytes outside printable ASCII that are no key
        self.overlong = 0  # lines
        self.echoing = True
        self._helps = Helps()
        self._prompt = ""
        self._line = ""
        self._at = 0  # the cursor
        self._back = 0  # how far back in the past; 0: the line that is being typed
        self._draft = ""  # that line, while an older one is shown
        self._sequence = b""
        self._trouble = ""
        self._after_cr = False

    def forget(self) -> None:
        """Nothing of a line that was begun is kept; what was counted is."""
        self._begin("")
        self._after_cr, self.echoing, self._helps = False, True, Helps()

    def asks(self, prompt: str, *, secret: bool = False, helps: Helps | None = None) -> str:
        """A prompt is shown. Returns it, and what had been typed of the next line, to be shown again."""
        self.echoing, self._helps = not secret, helps or Helps()
        self._prompt = prompt.rsplit("\n", 1)[-1]
        return prompt + (self._line if self.echoing else "") + "\b" * (len(self._line) - self._at)

    def feed(self, byte: int) -> tuple[bytes, Line | None]:
        """Take one byte. Returns the echo, and the line if this byte ends it."""
        after_cr, self._after_cr = self._after_cr, byte == _CR
        if self._sequence and self._goes_on(byte):
            return self._key(byte).encode("ascii"), None
        if byte in {_CR, _LF}:
            return (b"", None) if byte == _LF and after_cr else (b"\r\n", self._end())
        if byte == _CTRL_C:
            self._begin("")
            return b"\r\n", Line("", "cleared")
        return self._typed(byte).encode("ascii"), None

    # --- one key --------------------------------------------------------------------------------

    def _typed(self, byte: int) -> str:
        """The echo of a byte that ends no line."""
        if byte == _CTRL_U:
            self._trouble = ""
            return self._replaced("")
        if byte in {_BS, _DEL}:
            return self._without(self._at - 1)
        if byte == _ESC:
            self._sequence = bytes((byte,))
            return ""
        if byte == _TAB and self.echoing:
            return self._completed() if not self._trouble else ""
        if not 32 <= byte <= 126:
            return self._noise()
        if len(self._line) >= LINE_MAX:
            self._trouble = "long"
            return ""
        return self._inserted(chr(byte))

    def _goes_on(self, byte: int) -> bool:
        """Whether this byte belongs to the key that ESC began; if not, that ESC was noise."""
        first = len(self._sequence) == 1
        if (first and byte in b"[O") or (not first and 48 <= byte <= 126 and len(self._sequence) < _SEQUENCE_MAX):
            return True
        self._noise()
        self._sequence = b""
        return False

    def _key(self, byte: int) -> str:
        """Take one more byte of an escape sequence. A key that this line has no use for does nothing."""
        self._sequence += bytes((byte,))
        if len(self._sequence) == 2 or byte < 64 or self._sequence == _LINUX_F:  # it has more bytes
            return ""
        name, self._sequence = _KEYS.get(self._sequence), b""
        if byte not in _KEY_ENDS:
            return self._noise()
        if self._trouble or not self.echoing:
            return ""
        match name:
            case None:
                return ""
            case "up" | "down":
                return self._recalled(self._back + (1 if name == "up" else -1))
            case "delete":
                return self._without(self._at) if self._at < len(self._line) else ""
            case "left" | "right":
                return self._moved(self._at + (1 if name == "right" else -1))
            case _:
                return self._moved(0 if name == "home" else len(self._line))

    def _noise(self) -> str:
        self.noise += 1
        self._trouble = self._trouble or "noise"
        return ""

    # --- the text -------------------------------------------------------------------------------

    def _fits(self, text: str) -> bool:
        return len(self._prompt) + len(text) < ROW

    def _inserted(self, letter: str) -> str:
        rest = self._line[self._at :]
        if rest and not self._fits(self._line + letter):
            return ""
        self._line = self._line[: self._at] + letter + rest
        self._at += 1
        return letter + rest + "\b" * len(rest) if self.echoing else ""

    def _without(self, at: int) -> str:
        """The echo when the letter at this place is taken out; the cursor stands on it or behind it."""
        if at < 0:
            return ""
        rest = self._line[at + 1 :]
        back = self._at - at
        self._line, self._at = self._line[:at] + rest, at
        return "\b" * back + rest + " " + "\b" * (len(rest) + 1) if self.echoing else ""

    def _moved(self, to: int) -> str:
        if not 0 <= to <= len(self._line) or not self._fits(self._line):
            return ""
        before, self._at = self._at, to
        return "\b" * (before - to) + self._line[before:to]

    def _recalled(self, back: int) -> str:
        """Show the line that was typed so many lines ago."""
        if not 0 <= back <= len(self._helps.past):
            return ""
        if self._back == 0:
            self._draft = self._line
        self._back = back
        return self._replaced(self._helps.past[-back] if back else self._draft)

    def _replaced(self, text: str) -> str:
        before, at = self._line, self._at
        self._line, self._at = text, len(text)
        if not self.echoing:
            return ""
        if not self._fits(max(before, text, key=len)):
            return f"\r\n{self._prompt}{text}"
        over = max(0, len(before) - len(text))
        return "\b" * at + text + " " * over + "\b" * over

    def _completed(self) -> str:
        """Complete the line as far as it is certain; if nothing is, show what may come next."""
        fitting = [word for word in self._helps.words if word.startswith(self._line)]
        if not fitting or self._at < len(self._line):
            return ""
        certain = _certain(fitting)
        if len(certain) > len(self._line):
            return self._replaced(certain) if self._fits(certain) else ""
        begun = self._line.rpartition(" ")[0]
        nexts = dict.fromkeys(word[len(begun) :].split()[0] for word in fitting if word[len(begun) :].split())
        shown = "\r\n".join(textwrap.wrap("  ".join(nexts), ROW))
        return f"\r\n{shown}\r\n{self._prompt}{self._line}" if len(nexts) > 1 else ""

    # --- a whole line ---------------------------------------------------------------------------

    def _begin(self, text: str) -> None:
        self._line, self._at, self._back, self._draft = text, len(text), 0, ""
        self._trouble, self._sequence = "", b""

    def _end(self) -> Line:
        text, trouble = self._line, self._trouble
        self._begin("")
        if trouble == "long":
            self.overlong += 1
        return Line("" if trouble else text, trouble)


def _certain(words: list[str]) -> str:
    """The letters with which all of these begin."""
    first, last = min(words), max(words)
    same = next((n for n, letter in enumerate(first) if letter != last[n]), len(first))
    return first[:same]
