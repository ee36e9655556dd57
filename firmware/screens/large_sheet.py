"""A sheet in large letters: lines of 42 pixels filled in from above, rows of a menu, and the foot with its keys."""

from dataclasses import dataclass

from firmware.screens.canvas import HEIGHT, LARGE_SIZE, WIDTH, Canvas
from firmware.screens.frame import LEGENDS, SIGN, next_language
from firmware.screens.palette import BLACK, CAPS, INK, RED, SEA, SEA_PALE, STEEL, WHITE, YELLOW, Colour
from firmware.screens.places import place_lines, short_line
from firmware.screens.words import words
from firmware.session import scenes as show
from firmware.session.scenes import Look

PITCH = 48  # pixels from line to line
LEFT, RIGHT = 20, 780
HANGS = 6  # pixels below a line that letters hang into, such as a Vietnamese ạ
ROW_LINE = 43  # pixels from line to line within a row of a menu
FRAME = 3
KEY_ROW = 58  # pixels of a row of keys


@dataclass(frozen=True, slots=True)
class _Colours:
    ground: Colour
    letters: Colour
    head: Colour
    alarm: Colour
    line: Colour
    marked: Colour
    cap: Colour


_COLOURS = {
    Look.LARGE: _Colours(WHITE, INK, SEA, RED, STEEL, SEA_PALE, SEA),
    Look.LARGE_DARK: _Colours(BLACK, WHITE, YELLOW, YELLOW, STEEL, (40, 40, 40), YELLOW),
}


class Sheet:
    """A screen that is filled from above. `keys`: those of the ordinary screen, whose foot may be empty (None)."""

    def __init__(self, scene: show.Scene, keys: dict[str, str] | None) -> None:
        self.scene, self.say = scene, words(scene.language)
        self.colours = _COLOURS[scene.look]
        self.c = Canvas(scene.language, self.colours.ground)
        self.y = 4
        self.low = HEIGHT - 4
        self._free: list[tuple[int, int]] = []  # places in the foot where no key stands
        if scene.follows is not None:
            self._warning(scene.follows)
        elif keys is not None:
            self._foot(keys)
        self._beside = 0  # pixels at the right end of the first line that are taken
        if scene.countdown_s is not None:
            self._note(self.say("common", "seconds", n=scene.countdown_s), self.colours.alarm)

    def page(self, page: int, pages: int) -> None:
        """The page number and the keys that turn pages."""
        if pages > 1:
            self._note(f"▲▼ {page}/{pages}", self.colours.letters)

    def _note(self, text: str, colour: Colour) -> None:
        """In a free place of the foot, else at the right end of the first line."""
        room = self.c.width(text, LARGE_SIZE, bold=True)
        if self._free:
            x, y = self._free.pop(0)
            self.c.text(text, x, y + 2, LARGE_SIZE, width=370, bold=True, colour=colour, leading=PITCH / LARGE_SIZE)
            return
        self.c.text(text, RIGHT - self._beside - room, self.y, LARGE_SIZE, width=room, bold=True, colour=colour,
                    leading=PITCH / LARGE_SIZE)  # fmt: skip
        self._beside += room + 16

    def below_notes(self) -> None:
        """Begin with the second line where the notes leave little of the first."""
        if self.y < PITCH and self._beside > (RIGHT - LEFT) // 3:
            self.y += PITCH

    def width(self) -> int:
        """Pixels for the next line."""
        return RIGHT - LEFT - (self._beside if self.y < PITCH else 0)

    def tell(self, text: str, *, bold: bool = False, head: bool = False, alarm: bool = False, lines: int = 9) -> bool:
        """A sentence, if it finds room whole; `lines`: at most so many."""
        width = self.width()
        needed = self.c.lines(text, LARGE_SIZE, width=width, bold=bold or head)
        if needed > lines or self.y + PITCH * needed > self.low:
            return False
        colour = self.colours.alarm if alarm else self.colours.head if head else self.colours.letters
        self.y = self.c.text(
            text, LEFT, self.y, LARGE_SIZE, width=width, lines=needed, bold=bold or head, colour=colour,
            leading=PITCH / LARGE_SIZE,
        )  # fmt: skip
        return True

    def place(self, place: show.Elsewhere) -> None:
        """Where to go instead, as far as it finds room."""
        if self.place_and_hours(place):
            self.way(place)

    def place_and_hours(self, place: show.Elsewhere) -> bool:
        """Which and when; in fewer words where the screen is nearly full, or else its telephone number alone."""
        whole, short = place_lines(self.say, place)[0][0], short_line(self.say, place)
        number = self.say("place", "call", telephone=place.telephone)
        return any(self.tell(text, bold=True) for text in (whole, short, number))

    def way(self, place: show.Elsewhere) -> None:
        for text, _, bold in place_lines(self.say, place)[1:]:
            if not self.tell(text, bold=bold):
                return

    def title(self, text: str, lines: int) -> None:
        """A name of so many lines; what is longer is cut."""
        self.y = self.c.text(text, LEFT, self.y, LARGE_SIZE, width=self.width(), lines=lines,
                             colour=self.colours.letters, leading=PITCH / LARGE_SIZE)  # fmt: skip

    def head(self, *texts: str) -> None:
        """The first of the texts that takes one line, else the last, in as many as it needs."""
        width = self.width()
        one = [text for text in texts if self.c.lines(text, LARGE_SIZE, width=width, bold=True) == 1]
        self.tell((one or texts[-1:])[0], head=True)

    def pair(self, left: str, right: str, *, bold: bool = False, size: int = LARGE_SIZE) -> None:
        """A name and its amount at the two margins."""
        room = self.c.width(right, size, bold=True)
        leading = PITCH / LARGE_SIZE
        self.c.text(left, LEFT, self.y + (size - LARGE_SIZE), LARGE_SIZE, width=RIGHT - LEFT - room - 16, bold=bold,
                    colour=self.colours.letters, leading=leading)  # fmt: skip
        self.c.text(
            right, RIGHT - room, self.y, size, width=room, bold=True, colour=self.colours.letters, leading=leading
        )
        self.y += round(size * leading)

    def rows(self, rows: list["Row"], low: int | None = None) -> None:
        """Numbered lines over the rest of the screen, or down to `low`."""
        self.y += HANGS if self.y >= PITCH else 0
        pitch = min(((low or self.low) - self.y) // max(len(rows), 1), 112)
        height = pitch - 4
        rows = [self._short(row) for row in rows]
        most = max((self._lines(row, height) for row in rows), default=1)
        framed = height - ROW_LINE * most >= 2 * (HANGS + FRAME)  # else marks of the letters would meet the frames
        for number, row in enumerate(rows, start=1):
            self._row(number, row, self.y, height, framed=framed)
            self.y += pitch

    def _short(self, row: "Row") -> "Row":
        """A long word at the right end gives way: the number says it large when it is pressed."""
        return Row(row.title, "×") if row.right and self.c.width(row.right, LARGE_SIZE) > 300 else row

    def _beside_title(self, row: "Row") -> tuple[int, int, int]:
        """Left edge and width of a row's title, and the room of what stands at its right end."""
        room = self.c.width(row.right, LARGE_SIZE) if row.right else 0
        x = LEFT + 70 + (44 if row.chosen is not None else 0)
        return x, RIGHT - x - room - (16 if room else 0), room

    def _lines(self, row: "Row", height: int) -> int:
        _, width, _ = self._beside_title(row)
        return min(self.c.lines(row.title, LARGE_SIZE, width=width), max(height // ROW_LINE, 1))

    def _row(self, number: int, row: "Row", y: int, height: int, *, framed: bool) -> None:
        colours = self.colours
        self.c.panel((LEFT - 8, y, RIGHT + 8, y + height), 10, colours.marked if row.chosen else colours.ground,
                     border=colours.line if framed else None, width=FRAME)  # fmt: skip
        self.c.number(number, LEFT, y + (height - 56) // 2, 56, fill=colours.cap)
        if row.chosen is not None:
            box = (LEFT + 66, y + (height - 30) // 2, LEFT + 96, y + (height + 30) // 2)
            if row.chosen:
                self.c.panel(box, 4, colours.letters)
            else:
                self.c.panel(box, 4, colours.ground, border=colours.letters, width=FRAME)
        x, width, room = self._beside_title(row)
        lines = self._lines(row, height)
        self.c.text(row.title, x, y + (height - ROW_LINE * lines) // 2, LARGE_SIZE, width=width, lines=lines,
                    colour=colours.letters, leading=ROW_LINE / LARGE_SIZE)  # fmt: skip
        if room:
            self.c.text(row.right, RIGHT - room, y + (height - ROW_LINE) // 2, LARGE_SIZE, width=room,
                        colour=colours.letters, leading=ROW_LINE / LARGE_SIZE)  # fmt: skip

    def numbered(self, number: int, text: str) -> None:
        """A number and what it does, on one line."""
        self.c.number(number, LEFT, self.y + 2, 56, fill=self.colours.cap)
        self.c.text(text, LEFT + 68, self.y + 4, LARGE_SIZE, width=RIGHT - LEFT - 68, colour=self.colours.letters,
                    leading=PITCH / LARGE_SIZE)  # fmt: skip
        self.y += 62

    def _warning(self, follows: str) -> None:
        """In the place of the keys, none of which has its own meaning now: what follows, and that any key gives more time."""
        told = [self.say("warning", follows), self.say("warning", "any_key")]
        rows = [self.c.lines(text, LARGE_SIZE, width=RIGHT - LEFT, bold=True) for text in told]
        self.low = y = HEIGHT - PITCH * sum(rows) - HANGS
        self.c.line(0, WIDTH, self.low, self.colours.line, 3)
        for text, lines, colour in zip(told, rows, (self.colours.alarm, self.colours.letters), strict=True):
            y = self.c.text(text, LEFT, y + HANGS // 2, LARGE_SIZE, width=RIGHT - LEFT, lines=lines, bold=True, colour=colour,
                            leading=PITCH / LARGE_SIZE)  # fmt: skip

    def beside(self, offers: list[tuple[int, str]]) -> None:
        """Numbers and what they do, side by side above the foot, before what else the screen says: a key that works is shown."""
        if not offers:
            return
        self.low -= 64
        x = LEFT
        for number, text in offers:
            room = self.c.width(text, LARGE_SIZE)
            self.c.number(number, x, self.low + 4, 56, fill=self.colours.cap)
            x += 64
            self.c.text(text, x, self.low + 6, LARGE_SIZE, width=room, colour=self.colours.letters,
                        leading=PITCH / LARGE_SIZE)  # fmt: skip
            x += room + 12

    def _foot(self, keys: dict[str, str]) -> None:
        """Two keys a row, each at its own place; the upper row only where it has one."""
        labels = {key: self.say("keys", word) for key, word in keys.items()}
        spoken = self.scene.language
        if not self.scene.clerk:
            labels["language"], spoken = _word_of_look(self.scene)
        upper = bool({"cancel", "clear"} & set(labels))
        self.low = HEIGHT - KEY_ROW * (1 + upper) - 4
        self.c.line(0, WIDTH, self.low, self.colours.line, 3)
        places = {
            key: (
                8 if key in {"cancel", "language"} else 408,
                self.low + 6 + KEY_ROW * (upper and key in {"language", "enter"}),
            )
            for key in (("cancel", "clear", "language", "enter") if upper else ("language", "enter"))
        }
        self._free = [places[key] for key in ("enter", "clear") if key in places and key not in labels]
        for key, label in labels.items():
            x, y = places[key]
            fill, letters = CAPS[key]
            wide = 140 if key == "language" else 98
            self.c.panel((x, y, x + wide, y + 52), 9, fill, border=self.colours.line, width=3)
            self.c.text(
                LEGENDS[key][0],
                x,
                y + 2,
                LARGE_SIZE,
                width=wide,
                bold=True,
                colour=letters,
                align="centre",
                leading=PITCH / LARGE_SIZE,
            )
            told = spoken if key == "language" else self.scene.language
            self.c.text(label, x + wide + 10, y + 2, LARGE_SIZE, width=386 - wide - 10, colour=self.colours.letters,
                        language=told, leading=PITCH / LARGE_SIZE)  # fmt: skip


def _word_of_look(scene: show.Scene) -> tuple[str, str]:
    """What the language key does now, and the language of the word."""
    if not isinstance(scene, show.EnterPin):
        return SIGN, "ja"
    if scene.look is Look.LARGE:
        return words(scene.language)("keys", "dark"), scene.language
    return next_language(scene.language)


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    right: str = ""
    chosen: bool | None = None  # None: the menu has no marks
