"""The colours: Miyazaki's deep sea and sand, its sun for where you are now, and key caps in their own colours.

Every pair of letters and ground that the screens use has a contrast of at least 7 to 1 (WCAG 2.2, 1.4.6), measured
on the finished pictures by the tests. No meaning is shown by colour alone: a key cap has its word, a grey line its
reason, a step its number and its mark.
"""

Colour = tuple[int, int, int]

SEA: Colour = (11, 61, 92)
SEA_DEEP: Colour = (7, 40, 64)
SEA_PALE: Colour = (224, 238, 245)
SAND: Colour = (252, 249, 243)
WHITE: Colour = (255, 255, 255)
INK: Colour = (22, 28, 36)
GREY: Colour = (72, 78, 86)  # letters of a line that is not available
MIST: Colour = (236, 237, 236)  # the ground behind it
LINE: Colour = (120, 136, 148)  # borders; never letters
SUN: Colour = (255, 193, 56)
SUN_PALE: Colour = (255, 243, 214)
RED: Colour = (150, 22, 30)
RED_PALE: Colour = (253, 234, 231)
BLACK: Colour = (0, 0, 0)
YELLOW: Colour = (255, 221, 51)  # on black only
STEEL: Colour = (110, 120, 130)  # borders of the large letters' screens, on white and on black
GREEN: Colour = (8, 84, 50)
GREEN_PALE: Colour = (228, 243, 233)

# The four caps of the keypad's last column: ground and letters.
CAPS: dict[str, tuple[Colour, Colour]] = {
    "cancel": (RED, WHITE),
    "clear": ((247, 202, 66), INK),
    "language": ((20, 70, 140), WHITE),
    "enter": (GREEN, WHITE),
}


def darker(colour: Colour, share: float = 0.72) -> Colour:
    """The shaded side of something of this colour."""
    red, green, blue = colour
    return (round(red * share), round(green * share), round(blue * share))


def edge_of(fill: Colour) -> Colour:
    """The edge of a key cap: the cap itself, unless white paper would swallow it."""
    return fill if contrast(fill, WHITE) >= 3 else darker(fill, 0.6)


def contrast(one: Colour, other: Colour) -> float:
    """Contrast ratio, 1 to 21 (WCAG 2.2, "contrast ratio" and "relative luminance")."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
