"""The facts of a copy that are not in the register."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFacts:
    """One copy. `issue_number`: date, city, terminal and serial (standard 5.5), without the page, which the form adds.

    `request_id` and `card_fingerprint` are those used to look the resident up; they go into the document's
    container, the first of the two stamps.
    """

    issue_number: str
    issued_on: date
    request_id: str
    card_fingerprint: str = field(repr=False)
