"""What a person typed into a field for numbers, codes and logins, as it is compared."""

import unicodedata


def plain(typed: str) -> str:
    """Without blanks, and with the full-width digits and letters of a Japanese input method as ordinary ones."""
    return "".join(unicodedata.normalize("NFKC", typed).split())
