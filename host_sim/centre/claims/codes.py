"""The code of a claim: made from its key, printed with a check letter on the slip, read from a keyboard or a QR scanner."""

import hashlib
import re
import unicodedata

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
QR = re.compile(r"KOFUKI-CLAIM[:;*](\d{6})[:;*](.*)")  # a scanner set to another keyboard sends another sign for `:`
_CODE = re.compile(f"[{ALPHABET}]{{9}}")


class NoCode(ValueError):
    """What was typed or scanned is no code of this city; the message is a sentence: what is wrong, what to do."""

    def __init__(self, word: str) -> None:
        super().__init__(SENTENCES[word])
        self.word = word


SENTENCES = {
    "other_city": "This slip is of another city: send its holder to the city that is printed on it.",
    "no_code": "This is no claim code: it has nine letters and digits, and never I, O, 0 or 1. Scan the slip, or type again.",
    "check_letter": "The last letter does not fit the others: a letter is wrong, or the slip is another city's. Type again.",
}


def claim_code(key: str) -> str:
    """The claim code: eight symbols of the session id's hash (drivers/line/README.md)."""
    bits = int(hashlib.sha256(bytes.fromhex(key)).hexdigest()[:10], 16)
    return "".join(ALPHABET[(bits >> shift) & 31] for shift in (35, 30, 25, 20, 15, 10, 5, 0))


def on_slip(code: str, municipality: str) -> str:
    """The code with its check letter. `municipality`: six digits."""
    message = [int(digit) for digit in municipality] + [ALPHABET.index(symbol) for symbol in code]
    number = 0
    for value in message:
        number = number << 5 | value
    number <<= 5  # the remainder's place
    for bit in range(number.bit_length() - 1, 4, -1):
        if number >> bit & 1:
            number ^= 0b100101 << (bit - 5)
    return code + ALPHABET[number]


def spoken(slip_code: str) -> str:
    """In three parts, as the slip prints it."""
    return "-".join(slip_code[at : at + 3] for at in (0, 3, 6))


def read(typed: str, municipality: str) -> str:
    """The claim code in what was typed or scanned, without its check letter. Raises `NoCode`."""
    text = unicodedata.normalize("NFKC", typed[:100]).strip().upper()
    scanned = QR.fullmatch(text)
    if scanned is not None:
        if scanned[1] != municipality:
            raise NoCode("other_city")
        text = scanned[2]
    letters = re.sub(r"[\s\-ー‐−]", "", text)
    if _CODE.fullmatch(letters) is None:
        raise NoCode("no_code")
    if on_slip(letters[:8], municipality) != letters:
        raise NoCode("check_letter")
    return letters[:8]
