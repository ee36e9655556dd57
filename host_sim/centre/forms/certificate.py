"""One certificate from the books to the finished PDF: `draft`, then `certify`, then `press`.

`typeset` may be called from any thread at any time (see `press.py`), and gives the same bytes for the same facts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from host_sim.centre import verify
from host_sim.centre.forms import frame, fuhyo, inkan, juminhyo, kazei, koseki, letters
from host_sim.centre.forms.issue import IssueFacts
from host_sim.centre.forms.press import Imprint, press
from host_sim.centre.register import Register, Resident

TITLES = {
    "juminhyo": "住民票の写し",
    "inkan": "印鑑登録証明書",
    "kisai": "住民票記載事項証明書",
    "kazei": "所得・課税証明書",
    "koseki": "戸籍全部事項証明書",
    "koseki_kojin": "戸籍個人事項証明書",
    "fuhyo": "戸籍の附票の写し",
}


def draft(
    kind: str,
    subject: Resident,
    household: Sequence[Resident],
    options: Mapping[str, Sequence[str]],
    register: Register,
) -> frame.Draft:
    """The pages of a certificate without certification and foot. Raises `TextOverflow`."""
    match kind:
        case "juminhyo" | "kisai":
            return juminhyo.draft(kind, subject, household, options, register)
        case "inkan":
            return inkan.draft(subject, register)
        case "kazei":
            return kazei.draft(subject, options, register)
        case "koseki" | "koseki_kojin":
            return koseki.draft(kind, subject, options, register)
        case "fuhyo":
            return fuhyo.draft(subject, options, register)
        case _:
            raise ValueError(f"no such kind of certificate: {kind}")


def _printed(pages: frame.Draft, known: letters.Additional) -> frame.Draft:
    """What the codes tell, in the letters that are printed."""
    people = tuple((letters.shown(name, known), born) for name, born in pages.people)
    return replace(pages, people=people, address=letters.shown(pages.address, known))


def typeset(
    kind: str,
    subject: Resident,
    household: Sequence[Resident],
    options: Mapping[str, Sequence[str]],
    issue: IssueFacts,
    register: Register,
    signer: verify.Signer | None = None,
) -> bytes:
    """One copy as PDF/A (`press.py`). `options` must be answers to this kind's offer.

    Raises `GlyphMissing` or `TextOverflow` when it cannot be printed as in the books; the counter then issues it.
    `signer` signs the code on the paper; the default is the sample municipality's key, which proves nothing.
    """
    city = register.municipality
    known = letters.additional(city.letters)
    pages = _printed(draft(kind, subject, household, options, register), known)
    note = letters.put(pages.sheets, known)
    frame.certify(kind, pages, issue, city, signer or verify.sample_signer(), note)
    imprint = Imprint(
        title=TITLES[kind],
        author=f"{city.prefecture}{city.city}",
        keywords=(issue.issue_number, issue.request_id, issue.card_fingerprint),
        made_on=issue.issued_on,
    )
    return press(pages.sheets, imprint, sample=city.sample, additional=known)
