"""CRL files (RFC 5280, 5 and 6.3), and what the centre does while nobody can say whether a certificate is revoked."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.vocabulary import Authenticated, CentreRefusal, CentreRefused, Challenge
from host_sim.centre.jpki.ocsp import PAUSE_S
from host_sim.centre.jpki.revocation import CrlFolder, Unavailable, read_list
from host_sim.centre.tables import flags
from tests.unit.centre.authorities import NOW, Key, ca, card, name
from tests.unit.centre.cards import Card, authority, rsa_key, usage
from tests.unit.centre.responder import Asker, Served, Shaped, appointed, responder
from tests.unit.centre.town import SHOP, Town

CA_SHAPE = ca("jpki", rsa_key("jpki"))
CA = CA_SHAPE.made()
CARD = card("jpki", rsa_key("jpki")).made()
LIMIT = timedelta(hours=36)
HOUR = timedelta(hours=1)
POINT = x509.DirectoryName(name("shard 7"))


@dataclass(frozen=True)
class List:
    """A CRL to be made. `entries`: serial -> extensions of its entry."""

    entries: dict[int, list[tuple[x509.ExtensionType, bool]]] = field(default_factory=dict)
    issuer: x509.Name = field(default_factory=lambda: name("jpki"))
    key: Key = field(default_factory=lambda: rsa_key("jpki"))
    extensions: tuple[tuple[x509.ExtensionType, bool], ...] = ()
    this_update: datetime = NOW - HOUR
    next_update: datetime = NOW + 24 * HOUR
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)

    def but(self, **change: Any) -> "List":
        return replace(self, **change)

    def numbered(self, number: int) -> "List":
        return self.but(extensions=((x509.CRLNumber(number), False),))

    def made(self) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.issuer)
        builder = builder.last_update(self.this_update).next_update(self.next_update)
        for serial, extensions in self.entries.items():
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - 24 * HOUR)
            for value, critical in extensions:
                entry = entry.add_extension(value, critical=critical)
            builder = builder.add_revoked_certificate(entry.build())
        for value, critical in self.extensions:
            builder = builder.add_extension(value, critical=critical)
        return builder.sign(self.key, self.digest).public_bytes(Encoding.DER)


def point(**said: Any) -> tuple[x509.ExtensionType, bool]:
    plain = dict.fromkeys(("full_name", "relative_name", "only_some_reasons"))
    flags_ = dict.fromkeys(
        ("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl", "only_contains_attribute_certs"), False
    )
    return x509.IssuingDistributionPoint(**(plain | flags_ | said)), True


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.392.99.1"), b"\x05\x00")
ENTRY = 0x1234
GOOD = List({ENTRY: []})
HOLD = [(x509.CRLReason(x509.ReasonFlags.certificate_hold), False)]


@pytest.fixture
def folder(tmp_path: Path) -> CrlFolder:
    return CrlFolder(tmp_path, [CA], LIMIT)


def put(directory: Path, content: bytes, file: str = "jpki.crl") -> None:
    """As a feed must: written beside, then renamed."""
    draft = directory / f"{file}.new"
    draft.write_bytes(content)
    draft.rename(directory / file)


def asked(folder: CrlFolder, certificate: x509.Certificate = CARD, now: datetime = NOW) -> bool | str:
    try:
        return folder.is_revoked(certificate, CA, now)
    except Unavailable as unavailable:
        return unavailable.why


# --- one list ---------------------------------------------------------------------------------------


def test_a_listed_certificate_is_revoked_and_one_on_hold_too(folder: CrlFolder, tmp_path: Path) -> None:
    assert asked(folder) == "crl_missing"
    put(tmp_path, GOOD.made())
    assert asked(folder) is False
    for entry in ([], HOLD, [(x509.CRLReason(x509.ReasonFlags.key_compromise), False)]):
        put(tmp_path, GOOD.but(entries={CARD.serial_number: entry}).made())
        assert asked(folder) is True
    put(tmp_path, x509.load_der_x509_crl(GOOD.made()).public_bytes(Encoding.PEM))
    assert asked(folder) is False


WRONG: dict[str, tuple[List, str]] = {
    "another CA's name": (GOOD.but(issuer=name("someone")), "crl_foreign"),
    "another key": (GOOD.but(key=rsa_key("someone")), "crl_foreign"),
    "SHA-512": (GOOD.but(digest=hashes.SHA512()), "crl_foreign"),
    "a delta": (GOOD.but(extensions=((x509.DeltaCRLIndicator(1), True),)), "crl_delta"),
    "a critical extension": (GOOD.but(extensions=((UNKNOWN, True),)), "crl_critical_extension"),
    "a critical extension of an entry": (GOOD.but(entries={ENTRY: [(UNKNOWN, True)]}), "crl_critical_extension"),
    "an entry of another CA": (
        GOOD.but(entries={ENTRY: [(x509.CertificateIssuer([POINT]), True)]}),
        "crl_indirect",
    ),
    "indirect": (GOOD.but(extensions=(point(indirect_crl=True),)), "crl_indirect"),
    "of CAs only": (GOOD.but(extensions=(point(only_contains_ca_certs=True),)), "crl_partial"),
    "of some reasons only": (
        GOOD.but(extensions=(point(only_some_reasons=frozenset({x509.ReasonFlags.key_compromise})),)),
        "crl_partial",
    ),
}


@pytest.mark.parametrize("how", WRONG)
def test_a_list_with_one_thing_wrong(how: str, folder: CrlFolder, tmp_path: Path) -> None:
    wrong, why = WRONG[how]
    with pytest.raises(Unavailable) as refused:
        read_list(wrong.made(), [CA])
    assert refused.value.why == why
    put(tmp_path, wrong.made())
    assert asked(folder) == "crl_missing"
    assert folder.refused == {"jpki.crl": why}
    put(tmp_path, GOOD.made())
    assert asked(folder) is False
    assert folder.refused == {}


def test_a_ca_that_may_not_sign_lists() -> None:
    mute = CA_SHAPE.with_extension("usage", usage("key_cert_sign")).made()
    with pytest.raises(Unavailable, match="crl_foreign"):
        read_list(GOOD.made(), [mute])
    assert read_list(GOOD.made(), [mute, CA]).issuer == CA


def test_a_list_of_one_distribution_point_is_for_its_certificates(folder: CrlFolder, tmp_path: Path) -> None:
    mine = x509.CRLDistributionPoints([x509.DistributionPoint([POINT], None, None, None)])
    pointed = card("jpki", rsa_key("jpki")).with_extension("points", mine, False).made()
    entries: dict[int, Any] = {CARD.serial_number: []}
    put(
        tmp_path,
        GOOD.but(entries=entries, extensions=(point(full_name=[POINT], only_contains_user_certs=True),)).made(),
    )
    assert asked(folder, pointed) is True
    assert asked(folder) == "crl_missing", "this certificate is on another list"


@pytest.mark.parametrize(
    ("listed", "why"),
    [
        (GOOD.but(this_update=NOW - LIMIT - timedelta(seconds=1)), "crl_stale"),
        (GOOD.but(next_update=NOW - timedelta(seconds=1)), "crl_stale"),
        (GOOD.but(this_update=NOW + HOUR), "crl_from_the_future"),
        (GOOD.but(this_update=NOW - LIMIT), False),
        (GOOD.but(next_update=NOW), False),
    ],
)
def test_the_age_of_a_list(folder: CrlFolder, tmp_path: Path, listed: List, why: bool | str) -> None:
    put(tmp_path, listed.made())
    assert asked(folder) == why


def test_a_bad_or_an_older_file_leaves_the_last_list_in_force(folder: CrlFolder, tmp_path: Path) -> None:
    put(tmp_path, GOOD.but(entries={CARD.serial_number: []}).numbered(7).made())
    assert asked(folder) is True
    for content, why in (
        (b"", "crl_unreadable"),
        (GOOD.made()[:100], "crl_unreadable"),
        (GOOD.but(key=rsa_key("someone")).made(), "crl_foreign"),
        (GOOD.numbered(6).made(), "crl_older_than_the_last"),
        (GOOD.but(this_update=NOW - 2 * HOUR).numbered(7).made(), "crl_older_than_the_last"),
    ):
        put(tmp_path, content)
        assert asked(folder) is True
        assert folder.refused == {"jpki.crl": why}
    assert asked(folder, now=NOW + 25 * HOUR) == "crl_stale", "no longer than it may be"
    put(tmp_path, GOOD.numbered(8).made())
    assert asked(folder) is False
    (tmp_path / "jpki.crl").unlink()
    assert asked(folder) == "crl_missing"


def test_each_generation_of_a_ca_has_its_own_list(tmp_path: Path) -> None:
    new = ca("jpki", rsa_key("generation 3")).made()
    folder = CrlFolder(tmp_path, [CA, new], LIMIT)
    put(tmp_path, GOOD.but(entries={CARD.serial_number: []}).made(), "old.crl")
    put(tmp_path, GOOD.but(key=rsa_key("generation 3")).made(), "new.crl")
    assert folder.is_revoked(CARD, CA, NOW)
    assert not folder.is_revoked(CARD, new, NOW)
    (tmp_path / "new.crl").unlink()
    with pytest.raises(Unavailable):
        folder.is_revoked(CARD, new, NOW)


WHOLE = GOOD.made()


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(WHOLE) - 1), value=st.integers(1, 255))
def test_a_byte_changed_is_never_more_than_a_word(at: int, value: int) -> None:
    spoilt = bytearray(WHOLE)
    spoilt[at] ^= value
    with pytest.raises(Unavailable):
        read_list(bytes(spoilt), [CA])


# --- the centre ---------------------------------------------------------------------------------------

APPOINTED_CA = authority()


def town_list(**change: Any) -> bytes:
    made = List(issuer=APPOINTED_CA.subject, key=rsa_key("ca-appointed"), this_update=NOW - HOUR)
    return made.but(**change).made()


def outcome(town: Town, card: Card, *, prove: bool = True) -> Any:
    nonce = secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    if not isinstance(challenge, Challenge) or not prove:
        return challenge
    return town.line().authenticate(nonce, challenge, card.prove(challenge, nonce, SHOP.name))


def flagged(town: Town) -> list[tuple[str, Any]]:
    with town.store.reading() as c:
        return [(row.what, row.detail) for row in c.execute(sa.select(flags).order_by(flags.c.id))]


NOBODY_KNOWS = CentreRefused(CentreRefusal.REVOCATION_UNKNOWN)


def test_without_a_young_list_nobody_is_authenticated_by_jpki_until_there_is_one(url: str, tmp_path: Path) -> None:
    town = Town(url, revocation=CrlFolder(tmp_path, [APPOINTED_CA], LIMIT))
    card, other = town.card("hanako"), town.card("taro")
    assert outcome(town, card, prove=False) == NOBODY_KNOWS, "before the PIN: it is nobody's fault"
    assert outcome(town, other) == NOBODY_KNOWS
    assert flagged(town) == [("revocation_unknown", {"event": "crl_missing"})], "once"
    assert isinstance(outcome(town, town.municipal_card("yoshiko")), Authenticated), "only what depends on it stops"
    put(tmp_path, town_list())
    assert isinstance(outcome(town, card), Authenticated)
    town.now += LIMIT
    assert outcome(town, other) == NOBODY_KNOWS
    assert flagged(town)[1:] == [("revocation_unknown", {"event": "crl_stale"})]
    put(tmp_path, town_list(this_update=NOW + LIMIT - HOUR, next_update=NOW + 2 * LIMIT))
    assert isinstance(outcome(town, other), Authenticated)
    assert len(flagged(town)) == 2
    town.store.close()


def test_a_list_that_gets_too_old_between_challenge_and_answer(tmp_path: Path) -> None:
    town = Town(revocation=CrlFolder(tmp_path, [APPOINTED_CA], LIMIT))
    put(tmp_path, town_list(next_update=NOW + timedelta(minutes=1)))
    card, nonce = town.card("hanako"), secrets.token_bytes(16)
    challenge = town.line().challenge(nonce, card.read)
    assert isinstance(challenge, Challenge)
    town.now += timedelta(minutes=2)
    proof = card.prove(challenge, nonce, SHOP.name)
    assert town.line().authenticate(nonce, challenge, proof) == NOBODY_KNOWS
    assert town.line().authenticate(nonce, challenge, proof) == NOBODY_KNOWS
    assert len(flagged(town)) == 1


def test_a_revoked_certificate_is_told_after_the_pin_only(tmp_path: Path) -> None:
    town = Town(revocation=CrlFolder(tmp_path, [APPOINTED_CA], LIMIT))
    card = town.card("hanako")
    serial = x509.load_der_x509_certificate(card.read.credential).serial_number
    put(tmp_path, town_list(entries={serial: []}))
    assert isinstance(outcome(town, card, prove=False), Challenge)
    assert outcome(town, card) == CentreRefused(CentreRefusal.CERTIFICATE_REVOKED)
    assert outcome(town, replace(card, key=rsa_key("stranger"))) == CentreRefused(CentreRefusal.SIGNATURE_WRONG)
    assert flagged(town) == []


class Watch:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def online(url: str) -> Iterator[tuple[Town, Served, Watch]]:
    """A town that asks a responder over a real connection."""
    with responder() as (address, served):
        watch = Watch()
        source = Asker(address, served, watch)
        town = Town(url, revocation=source)
        yield town, served, watch
        town.store.close()


def shaped(card: Card) -> Shaped:
    certificate = x509.load_der_x509_certificate(card.read.credential)
    who = appointed("x", rsa_key("ca-appointed")).made()
    # The appointed CA of the town has a name of several parts; the responder's certificate must name it.
    builder = x509.CertificateBuilder(
        issuer_name=APPOINTED_CA.subject,
        subject_name=who.subject,
        public_key=who.public_key(),
        serial_number=9,
        not_valid_before=NOW - 24 * HOUR,
        not_valid_after=NOW + 24 * HOUR,
    )
    for each in who.extensions:
        builder = builder.add_extension(each.value, critical=each.critical)
    return Shaped(certificate, APPOINTED_CA, builder.sign(rsa_key("ca-appointed"), hashes.SHA256()))


def test_a_responder_is_asked_after_the_proof_and_only_then(online: tuple[Town, Served, Watch]) -> None:
    town, served, _ = online
    card = town.card("hanako")
    served.answers(shaped(card).answer)
    assert outcome(town, replace(card, key=rsa_key("stranger"))) == CentreRefused(CentreRefusal.SIGNATURE_WRONG)
    assert outcome(town, town.card("taro", reported_lost=True)) == CentreRefused(CentreRefusal.CARD_REPORTED_LOST)
    assert served.asked == 0, "a copied certificate makes no question"
    assert isinstance(outcome(town, card), Authenticated)
    served.answers(shaped(card).but(status=ocsp.OCSPCertStatus.REVOKED).answer)
    assert outcome(town, card) == CentreRefused(CentreRefusal.CERTIFICATE_REVOKED)
    assert served.asked == 2


def test_while_a_responder_hangs_the_writers_go_on_and_the_act_of_a_desk_counts(
    online: tuple[Town, Served, Watch],
) -> None:
    """The responder itself writes into the database before it answers: it could not if the writer lock were held."""
    town, served, _ = online
    card = town.card("hanako")

    def answer(question: bytes) -> bytes:
        town.act("lost", card)
        return shaped(card).answer(question)

    served.answers(answer)
    assert outcome(town, card) == CentreRefused(CentreRefusal.CARD_REPORTED_LOST)


def test_a_responder_that_hangs_stops_jpki_before_the_pin_and_it_comes_back(online: tuple[Town, Served, Watch]) -> None:
    town, served, watch = online
    card = town.card("hanako")
    served.hangs()
    assert outcome(town, card) == NOBODY_KNOWS
    assert outcome(town, card, prove=False) == NOBODY_KNOWS, "known now, so nobody types a PIN for nothing"
    assert flagged(town) == [("revocation_unknown", {"event": "ocsp_unreachable"})]
    assert served.asked == 1
    served.answers(shaped(card).answer)
    watch.now_s += PAUSE_S
    assert isinstance(outcome(town, card), Authenticated)
