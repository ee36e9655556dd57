"""The independent check before release: reads the finished paper back and compares it with the register, word by word.

It shares only the register with the typesetting. Another library reads text and picture from the PDF, and `expect.py`
derives the expected words from the records a second time. All words are compared in order, so a wrong, missing or
extra person, a swapped date or a stray word is found. Then `check` compares the container's stamp, the signed code as
a phone reads it, the city's signature, and on a seal certificate the imprint dot by dot (incidents 1 to 7; standard 5.5).

Findings are for staff and for records: they name the place, never a person or a value.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from host_sim.centre.forms import check_codes, check_signature, expect, expect_letters, letters
from host_sim.centre.forms.due import Fixed, Flowing, OneOf, Part, Words
from host_sim.centre.forms.issue import IssueFacts
from host_sim.centre.forms.places import Places, Spot
from host_sim.centre.forms.reading import NotReadable, Paper, Window, plain, read
from host_sim.centre.register import Register, Resident

A4_MM, SIZE_TOLERANCE_MM = (210.0, 297.0), 0.1
IMPRINT_WINDOW = Window(0, 103.0, 46.0, 42.0, 42.0)
IMPRINT_MAY_DIFFER = 0.01  # of the dots that either imprint blackens


def check(
    pdf: bytes,
    kind: str,
    subject: Resident,
    household: Sequence[Resident],
    options: Mapping[str, Sequence[str]],
    issue: IssueFacts,
    register: Register,
    keys: check_codes.Keys = None,
) -> list[str]:
    """What is wrong with a finished certificate; empty when nothing is. `keys`: key id -> key trusted for its code."""
    try:
        paper = read(pdf, [check_codes.CODES_WINDOW, *([IMPRINT_WINDOW] if kind == "inkan" else [])])
    except NotReadable as trouble:
        return [str(trouble)]
    faults = _shape(paper)
    verdicts = check_codes.read_verdicts(paper.windows[: len(paper.pages)], keys)
    codes = [check_codes.numbers(page) for page in verdicts]
    known = letters.additional(register.municipality.letters).letters
    match expect_letters.printed(expect.due(kind, subject, household, options, register), known):
        case Fixed() as due:
            faults += _fixed(paper, due, issue, register, codes)
        case Flowing() as due:
            faults += _flowing(paper, due, issue, register, codes)
    faults += _stamps(paper, issue)
    faults += check_codes.faults(verdicts, paper, kind, issue, register.municipality)
    faults += check_signature.faults(pdf, register.municipality)
    if kind == "inkan":
        faults += _imprint(paper.windows[-1], subject, register)
    return faults


def _fixed(
    paper: Paper, due: Fixed, issue: IssueFacts, register: Register, codes: Sequence[Sequence[tuple[int, int]]]
) -> list[str]:
    faults: list[str] = []
    if len(paper.pages) != len(due.pages):
        faults.append(f"the certificate has {len(paper.pages)} pages, but {len(due.pages)} are expected")
    places = Places(paper.laid)
    for number, (page, parts) in enumerate(zip(paper.laid, due.pages, strict=False)):
        end = expect.tail(
            due.statement, issue, register.municipality, number + 1, len(due.pages), due.note, codes[number]
        )
        found, spots = compare(page.words, [*parts, *end])
        owners = _owners(number, [run.words for run in page.runs])
        faults += [f"page {number + 1}: {fault}" for fault in found]
        faults += places.beside(owners, spots)
    return [*faults, *places.faults()]


def _flowing(
    paper: Paper, due: Flowing, issue: IssueFacts, register: Register, codes: Sequence[Sequence[tuple[int, int]]]
) -> list[str]:
    """Check each page's head and tail and take them off; the rest of all pages together must be exactly the body."""
    faults: list[str] = []
    rest, rests = "", []
    places = Places(paper.laid)
    head = [_loosely(part) for part in due.head]
    begins = sum(len(part.label + part.text) for part in head)
    for number, page in enumerate(paper.laid):
        owners = _owners(number, [loose(run.words) for run in page.runs])
        words = loose(page.words)
        end_parts = expect.tail(
            due.statement, issue, register.municipality, number + 1, len(paper.pages), due.note, codes[number]
        )
        end = "".join(loose(part.text) for part in end_parts)
        wrong, spots = compare(words[:begins], head)
        if wrong:
            faults.append(f"page {number + 1} does not begin as this certificate does")
        if not words.endswith(end):
            faults.append(f"page {number + 1} does not end as this certificate does")
        faults += places.beside(owners, spots)
        until = len(words.removesuffix(end))
        rest += words[begins:until]
        rests += owners[begins:until]
    wrong, spots = compare(rest, [_loosely(part) for part in due.body])
    return [*faults, *wrong, *places.beside(rests, spots), *places.faults()]


def loose(words: str) -> str:
    """The words without U+3000, which only aligns them."""
    return plain(words).replace("\u3000", "")


def _loosely(part: Words) -> Words:
    return Words(part.what, loose(part.text), loose(part.label))


def _owners(page: int, runs: Sequence[str]) -> list[tuple[int, int]]:
    """The page and the run that draw each letter of the page."""
    return [(page, number) for number, words in enumerate(runs) for _ in words]


def compare(words: str, parts: Sequence[Part]) -> tuple[list[str], list[Spot]]:
    """Walk along the words of a page; every part must follow the one before it, and nothing else may stand there.

    Returns what is wrong, and where the labels and their words are."""
    faults: list[str] = []
    spots: list[Spot] = []
    waiting = list(parts)
    at = 0
    while waiting:
        part = waiting.pop(0)
        match part:
            case Words(what, text, label):
                end = _take(words, at, what, plain(label + text), faults)
                middle = end - len(plain(text))
                if label and at < middle:
                    spots.append(Spot(what, middle - len(plain(label)), middle, end))
                at = end
            case OneOf(what, people):
                found = next(((p, s) for p in people if (s := p.spots(words, at, what)) is not None), None)
                if found is None:
                    faults.append(f"{what} does not match the register entry of anybody chosen")
                    at = _resume(words, at, waiting)
                else:
                    spots += found[1]
                    at = found[1][-1].end
                    people.remove(found[0])
    if at != len(words):
        faults.append("the page has words that do not belong to the certificate")
    return faults, spots


def _take(words: str, at: int, what: str, text: str, faults: list[str]) -> int:
    if words.startswith(text, at):
        return at + len(text)
    later = words.find(text, at) if len(text) > 1 else -1
    if later < 0:
        faults.append(f"{what} is missing or wrong")
        return at
    faults.append(f"before {what} are words that do not belong to the certificate")
    return later + len(text)


def _resume(words: str, at: int, waiting: Sequence[Part]) -> int:
    """Where the next expected part begins, after a person who is not expected."""
    for part in waiting:
        if isinstance(part, Words):
            later = words.find(plain(part.label + part.text), at + 1)
            if later >= 0:
                return later
    return at


def _shape(paper: Paper) -> list[str]:
    faults = []
    for number, size in enumerate(paper.sizes_mm, start=1):
        if any(abs(is_mm - due_mm) > SIZE_TOLERANCE_MM for is_mm, due_mm in zip(size, A4_MM, strict=True)):
            faults.append(f"page {number} is not A4 portrait")
    return faults


def _stamps(paper: Paper, issue: IssueFacts) -> list[str]:
    """Check the first of the two stamps, in the document's container: the request and card used to find the resident."""
    stamps = {
        "the issue number": issue.issue_number,
        "the request": issue.request_id,
        "the card": issue.card_fingerprint,
    }
    written = [word.strip() for word in paper.keywords.split(",")]
    if len(written) != len(stamps):
        return ["the document's container does not bear its stamps"]
    pairs = zip(stamps.items(), written, strict=True)
    return [
        f"the document's container names another than {what} of this order" for (what, due), is_ in pairs if is_ != due
    ]


def _imprint(window: NDArray[np.uint8], subject: Resident, register: Register) -> list[str]:
    """Compare the imprint on the paper with the registered one, dot by dot."""
    seal = register.seal_of(subject)
    if seal is None:
        return ["there is no registered seal"]
    due = expect.imprint_dots(seal, IMPRINT_WINDOW)
    black = window < 128
    either = np.count_nonzero(black | due)
    if either == 0 or np.count_nonzero(black != due) > IMPRINT_MAY_DIFFER * either:
        return ["the imprint is not the registered one"]
    return []
