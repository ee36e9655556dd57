"""The wallet: every card of wallet.toml, made once for a run directory, with the registry the centre loads.

    directory/registry.json   the city's list of the cards it gave out; `_row` makes an entry
    directory/ca/*.pem        the CA certificates a centre must accept (the foreign CA is not among them)
    directory/keys/           private keys, made at the first opening and kept
    directory/cards/          certificates and identity records, kept while they fit `today`
    directory/state.json      tries left, kept after every command that changes them

Numbers come from a seed, so that two wallets differ only in their keys. A certificate ends on the fifth birthday after
its issue.
"""

import base64
import hashlib
import json
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from host_sim import pki
from host_sim.models.card import ATRS, ChipCard, Face, JpkiCard, stranger
from host_sim.models.chip import Sign
from host_sim.models.municipal_card import IdentityRecord, municipal_application

SOURCE = Path(__file__).with_name("wallet.toml")
_TRIES = {"one_try_left": 1, "pin_blocked": 0}
_PIN = "jpki/0018"
_LABELS = {"unknown_label": "JPKIAPICCTOKEN4", "phone": "JPKIAPGPSETOKEN"}


@dataclass(frozen=True, slots=True)
class WalletCard:
    """One card and its entry in wallet.toml. `chip` is what a reader's slot takes."""

    name: str
    kind: str
    about: str
    pin: str | None
    trouble: str | None
    chip: ChipCard
    holder: str | None = None

    def renew(self) -> None:
        """Take its faults away and give it the tries it had when it was new."""
        self.chip.heal()
        self.chip.state.update(_new_state(self.chip, self.trouble))


def cards_of() -> Mapping[str, Mapping[str, Any]]:
    """wallet.toml: card name -> its entry."""
    return tomllib.loads(SOURCE.read_text(encoding="utf-8"))


def list_lines(cast: Mapping[str, str]) -> list[str]:
    """A line a card, for `python -m host_sim wallet`. `cast`: holder -> their number in the city's register."""
    return [
        f"{name:22} {entry['kind']:18} {entry.get('pin', '-'):5} {cast.get(entry.get('holder', ''), '-'):11}"
        f"{entry.get('trouble', '-'):20} {entry['about']}"
        for name, entry in cards_of().items()
    ]


class Wallet:
    """All cards of one run directory."""

    def __init__(self, directory: Path, cards: Mapping[str, WalletCard]) -> None:
        self._directory = directory
        self.cards = cards

    @classmethod
    def open(cls, directory: Path, today: date, *, keys: Path | None = None, keep: bool = True) -> "Wallet":
        """Make what is missing or does not fit `today`, and write the registry.

        `keys`: another folder for the private keys, to share between wallets. `keep=False`: tries left are not
        written down, for thousands of sessions in memory.
        """
        maker = _Maker(directory, today, keys or directory / "keys")
        cards: dict[str, WalletCard] = {}
        registry: list[dict[str, Any]] = []
        for name, entry in cards_of().items():
            chip, row = maker.make(name, entry)
            cards[name] = WalletCard(
                name, entry["kind"], entry["about"], entry.get("pin"), entry.get("trouble"), chip, entry.get("holder")
            )
            registry.append(row)
        (directory / "registry.json").write_text(json.dumps(registry, indent=1) + "\n", encoding="utf-8")
        wallet = cls(directory, cards)
        if keep:
            wallet._restore()
            for card in cards.values():
                card.chip.on_spent = wallet.save
        return wallet

    def save(self) -> None:
        """Write the tries left of every card to state.json."""
        state = {name: card.chip.state for name, card in self.cards.items() if card.chip.state}
        path = self._directory / "state.json"
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(state), encoding="utf-8")
        draft.replace(path)

    def renew(self) -> None:
        """Give every card the tries it had when it was new."""
        for card in self.cards.values():
            card.renew()
        self.save()

    def _restore(self) -> None:
        path = self._directory / "state.json"
        if path.exists():
            for name, state in json.loads(path.read_text(encoding="utf-8")).items():
                if name in self.cards:
                    self.cards[name].chip.state.update(state)


def _new_state(chip: ChipCard, trouble: str | None) -> dict[str, int]:
    state = chip.full_state()
    if trouble in _TRIES and _PIN in state:
        state[_PIN] = _TRIES[trouble]
    return state


class _Maker:
    """Makes the cards and their rows of the registry."""

    def __init__(self, directory: Path, today: date, keys: Path) -> None:
        self._today = today
        self._kept = directory / "cards"
        self._kept.mkdir(parents=True, exist_ok=True)
        self._keys = pki.KeyFolder(keys)
        self._authentication = pki.authority(self._keys, "auth-ca", "JPKI for user authentication", today)
        self._signature = pki.authority(self._keys, "sign-ca", "JPKI for digital signature", today)
        self._next = pki.authority(self._keys, "next-auth-ca", "JPKI for user authentication", today, p384=True)
        self._foreign = pki.authority(self._keys, "foreign-ca", "JPKI for user authentication", today)
        accepted = directory / "ca"
        accepted.mkdir(exist_ok=True)
        (accepted / "auth-ca.pem").write_bytes(self._authentication.pem)
        (accepted / "next-auth-ca.pem").write_bytes(self._next.pem)

    def make(self, name: str, entry: Mapping[str, Any]) -> tuple[ChipCard, dict[str, Any]]:
        row = _row(name, entry)
        match entry["kind"]:
            case "individual_number":
                chip = self._individual_number(name, entry, row)
            case "resident_register" | "citizen":
                chip = self._municipal(name, entry, row)
            case _:
                chip = stranger()
                if entry.get("trouble") == "unreadable":
                    chip.fail("mute", at=0)
        chip.state.update(_new_state(chip, entry.get("trouble")))
        return chip, row

    # --- 個人番号カード ---------------------------------------------------------------------------

    def _individual_number(self, name: str, entry: Mapping[str, Any], row: dict[str, Any]) -> ChipCard:
        trouble = entry.get("trouble")
        chance = random.Random(f"kofuki wallet {name}")
        born = date(self._today.year - 40, chance.randrange(1, 13), chance.randrange(1, 29))
        issuer = self._foreign if trouble == "certificate_foreign" else self._authentication
        signs, public = self._login_key(name, next_card=trouble == "key_not_supported")
        if trouble == "key_not_supported":  # by a site whose city does not take the next card yet
            issuer = self._next
        issued, ends = self._validity(chance, born, expired=trouble == "certificate_expired")
        number = f"{chance.randrange(10**13):013d}A"
        serial = chance.randrange(0x0600_0000, 0x0800_0000)
        certificate = self._certificate(name, issuer, public, serial=serial, number=number, issued=issued, ends=ends)
        certificates = {0x0A: certificate, 0x0B: issuer.der, 0x02: self._signature.der}
        signers: dict[int, Any] = {0x17: signs}
        if trouble != "under_age":  # children have no signature certificate (card source 2)
            document_key = self._keys.rsa(f"{name}-sign")
            signers[0x1A] = partial(pki.sign_as_card, document_key)
            certificates[0x01] = pki.signature_certificate(
                self._signature,
                document_key.public_key(),
                serial=serial - 0x0100_0000,
                number=f"{issued:%Y%m%d}120000",
                name="見本　太郎",
                born=f"4{born:%Y%m%d}",
                not_before=pki.start_of(issued),
                not_after=pki.end_of(ends),
            )
        loaded = x509.load_der_x509_certificate(certificate)
        row["credential_sha256"] = hashlib.sha256(certificate).hexdigest()
        row["certificate_serial"] = loaded.serial_number
        row["valid_until"] = loaded.not_valid_after_utc.date().isoformat()  # 14:59 UTC is the same day in Japan
        card = JpkiCard(
            certificates=certificates,
            keys=signers,
            pin=entry["pin"],
            label=_LABELS.get(trouble or "", "JPKIAPICCTOKEN2"),
            face=_face(chance, born, ends),
            atr=_atr(chance),
        )
        if trouble == "no_pin":
            card.take_pin_away()
        return card

    def _login_key(self, name: str, *, next_card: bool) -> tuple[Sign, pki.PublicKey]:
        if next_card:
            curve_key = self._keys.ec(f"{name}-ec", ec.SECP384R1())
            return partial(pki.sign_as_next_card, curve_key), curve_key.public_key()
        key = self._keys.rsa(name)
        return partial(pki.sign_as_card, key), key.public_key()

    def _validity(self, chance: random.Random, born: date, *, expired: bool) -> tuple[date, date]:
        """First and last day: ends on the fifth birthday after its issue; of an expired card, on its last birthday."""
        issued = self._today - timedelta(days=chance.randrange(40, 900))
        if not expired:
            return issued, _birthday_after(born, issued, count=5)
        ended = _birthday_after(born, self._today - timedelta(days=367))
        return ended - timedelta(days=1700), ended

    def _certificate(
        self,
        name: str,
        issuer: pki.Authority,
        public: pki.PublicKey,
        *,
        serial: int,
        number: str,
        issued: date,
        ends: date,
    ) -> bytes:
        """The authentication certificate; an old one is kept while it fits, because the centre knows a card by its hash."""
        path = self._kept / f"{name}.der"
        if path.exists() and self._fits(path.read_bytes(), issuer, public, expired=ends < self._today):
            return path.read_bytes()
        path.unlink(missing_ok=True)
        certificate = pki.authentication_certificate(
            issuer,
            public,
            serial=serial + (self._today.toordinal() & 0xFFF),  # a certificate made anew gets another serial number
            number=number,
            not_before=pki.start_of(issued),
            not_after=pki.end_of(ends),
        )
        pki.keep_once(path, certificate)
        return path.read_bytes()

    def _fits(self, der: bytes, issuer: pki.Authority, public: pki.PublicKey, *, expired: bool) -> bool:
        certificate = x509.load_der_x509_certificate(der)
        if certificate.public_key() != public:
            return False
        try:
            certificate.verify_directly_issued_by(issuer.certificate)
        except (InvalidSignature, TypeError, ValueError):  # signed by another wallet's CA
            return False
        noon = datetime.combine(self._today, time(3), tzinfo=UTC)
        if expired:
            return certificate.not_valid_after_utc < noon
        return certificate.not_valid_before_utc < noon < certificate.not_valid_after_utc

    # --- 住基カード, 市民カード -------------------------------------------------------------------

    def _municipal(self, name: str, entry: Mapping[str, Any], row: dict[str, Any]) -> ChipCard:
        chance = random.Random(f"kofuki wallet {name}")
        key = self._keys.ec(name, ec.SECP256R1())
        public = key.public_key()
        user_id = f"{chance.randrange(10**11):012d}"
        valid_until = self._municipal_date(name, chance, expired=entry.get("trouble") == "card_expired")
        record = IdentityRecord(
            user_id=user_id,
            kind=entry["kind"],
            valid_until=f"{valid_until:%Y%m%d}",
            card_key=public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        ).encoded()
        spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        row["credential_sha256"] = hashlib.sha256(record).hexdigest()
        row["user_id"] = user_id
        row["pin"] = entry["pin"]
        row["card_public_key"] = base64.b64encode(spki).decode()
        row["valid_until"] = valid_until.isoformat()
        application = municipal_application(record, partial(pki.sign_digest, key))
        if entry["kind"] == "citizen":
            return ChipCard(ATRS["contact_2"], [application])
        document_key = self._keys.rsa(f"{name}-sign")
        long_ago = date(2015, 12, 1)  # the signature certificates of 住基カード ended by January 2019 (card source 2)
        certificate = pki.signature_certificate(
            self._signature,
            document_key.public_key(),
            serial=chance.randrange(0x0100_0000),
            number="20151201120000",
            name="見本　花子",
            born="319500101",
            not_before=pki.start_of(long_ago),
            not_after=pki.end_of(long_ago + timedelta(days=1095)),
        )
        return JpkiCard(
            certificates={0x01: certificate, 0x02: self._signature.der},
            keys={0x1A: partial(pki.sign_as_card, document_key)},
            pin="",
            label="JPKIAPICCTOKEN",
            atr=ATRS["resident_register"],
            beside=[application],
        )

    def _municipal_date(self, name: str, chance: random.Random, *, expired: bool) -> date:
        """Last day of a municipal card, ten years after its issue; an old one is kept while it fits."""
        path = self._kept / f"{name}.until"
        if path.exists():
            kept = date.fromisoformat(path.read_text(encoding="ascii"))
            if (kept < self._today) is expired:
                return kept
            path.unlink()
        days = chance.randrange(60, 400)
        until = self._today - timedelta(days=days) if expired else self._today + timedelta(days=5 * days)
        pki.keep_once(path, until.isoformat().encode("ascii"))
        return date.fromisoformat(path.read_text(encoding="ascii"))


def _row(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """One card's row of the registry. A card that the city did not give out has no method and no credential."""
    method = {"individual_number": "jpki", "resident_register": "municipal", "citizen": "municipal"}.get(entry["kind"])
    return {
        "card": name,
        "kind": entry["kind"],
        "holder": entry.get("holder"),
        "method": method,
        "credential_sha256": None,
        "certificate_serial": None,
        "user_id": None,
        "pin": None,  # municipal only: the centre checks it
        "card_public_key": None,  # municipal only: SubjectPublicKeyInfo, base64
        "valid_until": None,
        "trouble": entry.get("trouble"),
    }


def _birthday_after(born: date, day: date, count: int = 1) -> date:
    """The `count`th birthday after a day."""
    first = day.year if (born.month, born.day) > (day.month, day.day) else day.year + 1
    return date(first + count - 1, born.month, born.day)


def _face(chance: random.Random, born: date, ends: date) -> Face:
    return Face(
        number=f"{chance.randrange(10**12):012d}",
        name="見本　太郎",
        address="宮崎県宮崎市見本町一丁目1番地1",
        born=f"{born:%Y%m%d}",
        sex="1",
        expires=f"{ends.replace(year=ends.year + 5):%Y%m%d}",
        serial=f"{chance.randrange(10**15):015d}",
        code=f"{chance.randrange(10**4):04d}",
        era_birth=f"{(born.year - 1988) % 100:02d}{born:%m%d}",
    )


def _atr(chance: random.Random) -> bytes:
    return ATRS[chance.choice(("contact", "contactless", "contactless_2"))]
