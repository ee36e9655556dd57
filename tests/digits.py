"""Looking for a PIN or a code where it must not be."""

import re


def stands_in(digits: str, text: str | bytes) -> bool:
    """Whether these digits stand there as a number of their own.

    A PIN has four digits and a code six or eight: inside of hashes, random numbers and longer numbers they stand by chance.
    """
    told = text if isinstance(text, str) else text.decode("latin-1")
    return re.search(rf"(?<![0-9A-Za-z]){digits}(?![0-9A-Za-z])", told) is not None
