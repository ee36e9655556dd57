"""The municipal card application, from drivers/card/README.md ("The municipal card application, version 1").

A 市民カード carries it alone; a 住基カード carries it beside the old JPKI application, which signs and cannot log in.
"""

from dataclasses import dataclass

from host_sim.models.chip import Application, Data, Key, Sign
from host_sim.models.chip_faults import Manners

MUNICIPAL_AID = bytes([0xF0]) + b"KOFUKI"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRecord:
    """What the municipality wrote into the card. `kind`: resident_register or citizen; `valid_until`: YYYYMMDD."""

    user_id: str
    kind: str
    valid_until: str
    card_key: bytes  # P-256, uncompressed point
    municipality: str = "45201"

    def encoded(self) -> bytes:
        kind = {"resident_register": 1, "citizen": 2}[self.kind]
        fields = (
            (0x80, b"\x01"),
            (0x81, self.municipality.encode("ascii")),
            (0x82, self.user_id.encode("ascii")),
            (0x83, bytes([kind])),
            (0x84, self.valid_until.encode("ascii")),
            (0x85, self.card_key),
        )
        body = b"".join(bytes([tag, len(value)]) + value for tag, value in fields)
        return b"\xe1" + (bytes([len(body)]) if len(body) < 0x80 else bytes([0x81, len(body)])) + body


def municipal_application(record: bytes, sign_digest: Sign, manners: Manners | None = None) -> Application:
    """Files 0001 and 0002. VERIFY is 6D00: there is no PIN on this card."""
    filler = (manners or Manners()).filler
    key = Key(sign_digest, longest=32, exactly=32, internal=True)
    return Application("municipal", MUNICIPAL_AID, {0x01: Data(record + filler), 0x02: key})
