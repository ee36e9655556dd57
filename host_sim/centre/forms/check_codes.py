"""The part of the independent check that reads the signed codes from the picture, as a phone does."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from host_sim.centre import qr, verify
from host_sim.centre.forms.issue import IssueFacts
from host_sim.centre.forms.reading import Paper, Window, plain
from host_sim.centre.register import Municipality

CODES_WINDOW = Window(None, 8.0, 243.0, 194.0, 38.5, margin=2.0)
Keys = Mapping[bytes, verify.TrustedKey] | None


def read_verdicts(pictures: Sequence[NDArray[np.uint8]], keys: Keys) -> list[list[verify.Verdict]]:
    """What the codes of each page say, in the order of their numbers; `pictures`: each page's `CODES_WINDOW`."""
    pages = []
    for picture in pictures:
        texts = qr.read_codes(Image.fromarray(picture), lambda _: True)
        found = [verify.verify_text(text, keys) for text in texts]
        pages.append(sorted(found, key=lambda one: one.claims.code if one.claims else 0))
    return pages


def numbers(verdicts: Sequence[verify.Verdict]) -> list[tuple[int, int]]:
    """Which of how many each code of a page says that it is."""
    return [(one.claims.code, one.claims.codes) for one in verdicts if one.claims]


def faults(
    pages: Sequence[Sequence[verify.Verdict]], paper: Paper, kind: str, issue: IssueFacts, city: Municipality
) -> list[str]:
    """What is wrong with the codes: each must be of this copy, all must be there, and say what is printed."""
    verdicts = [verdict for page in pages for verdict in page]
    claims = [verdict.claims for verdict in verdicts if verdict.claims]
    if not verdicts:
        return ["the code on the paper cannot be read"]
    if len(claims) < len(verdicts):
        wrong = next(verdict for verdict in verdicts if not verdict.claims)
        return [f"the code on the paper is {wrong.finding.value}"]
    if [(one.code, one.codes) for one in claims] != [(n, len(claims)) for n in range(1, len(claims) + 1)]:
        return ["not all codes are on the paper, in the order of their numbers"]
    due = (issue.issue_number, kind, issue.issued_on, city.code, len(paper.pages))
    if any((one.issue_number, one.kind, one.issued_on, one.municipality, one.pages) != due for one in claims):
        return ["the code on the paper is that of another certificate"]
    printed = "".join(paper.pages)
    if any(one.text_hash != verify.text_hash(printed) for one in claims):
        return ["the code on the paper was signed for other words than are printed"]
    people = [person for one in claims for person in one.people]
    if len(people) != claims[0].people_count:
        return ["the codes on the paper do not name all the people that they count"]
    named = [words for person in people for words in person]  # a 戸籍 prints surname and given name apart
    told = [part for words in ["".join(one.address for one in claims), *named] for part in words.split("\u3000")]
    loosely = _loose(printed)
    if any(_loose(part) not in loosely for part in told):
        return ["the code on the paper says what is not printed"]
    return []


def _loose(words: str) -> str:
    return plain(words).replace("\u3000", "")
