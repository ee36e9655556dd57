"""Lines as rows of the terminal."""

import textwrap

WIDTH = 79  # columns


def fitted(line: str) -> list[str]:
    """One line as rows of at most 79 columns of plain ASCII."""
    plain = "".join(letter if " " <= letter <= "~" else "?" for letter in line)
    return textwrap.wrap(plain, WIDTH, subsequent_indent="    ") or [""]
