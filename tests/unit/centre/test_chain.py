"""Path validation of a card's certificate (RFC 5280, 6; card source 6): a good path, and exactly one thing broken."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from host_sim.centre.jpki import chain
from tests.unit.centre.authorities import NOW, Shape, ca, card, name, p256_key, p384_key, policies, weak_key
from tests.unit.centre.cards import LOGIN, rsa_key, usage

ROOT_KEY, MIDDLE_KEY = rsa_key("root"), rsa_key("middle")
ROOT = ca("root", ROOT_KEY)
MIDDLE = ca("middle", MIDDLE_KEY, "root", ROOT_KEY)
CARD = card("middle", MIDDLE_KEY)
UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.392.99.1"), b"\x05\x00")
DAY = timedelta(days=1)


def word(leaf: bytes, *authorities: x509.Certificate, now: datetime = NOW, p384: bool = False) -> str:
    """The word it is refused with; `good` if it is believed."""
    try:
        chain.believe(leaf, authorities, now, p384=p384)
    except chain.NotBelieved as refused:
        return refused.word
    return "good"


def path(leaf: Shape = CARD, middle: Shape = MIDDLE, root: Shape = ROOT, *, p384: bool = False) -> str:
    return word(leaf.der(), middle.made(), root.made(), p384=p384)


def test_a_good_path_is_believed_in_any_order_of_the_authorities() -> None:
    middle, root = MIDDLE.made(), ROOT.made()
    assert word(CARD.der(), middle, root) == "good"
    believed = chain.believe(CARD.der(), [root, middle, root], NOW)
    assert believed.issuer == middle, "the one whose revocation data counts"
    assert word(card("root", ROOT_KEY).der(), root) == "good"


LEAVES: dict[str, Shape] = {
    "another issuer's name": CARD.but(issuer="someone"),
    "another issuer's key": CARD.but(issuer_key=rsa_key("someone")),
    "no key usage": CARD.with_extension("usage", None),
    "no digital signature": CARD.with_extension("usage", usage("key_agreement")),
    "for signing documents": CARD.with_extension("usage", usage("digital_signature", "content_commitment")),
    "may sign certificates": CARD.with_extension("usage", usage("digital_signature", "key_cert_sign")),
    "is a CA": CARD.with_extension("basic", x509.BasicConstraints(ca=True, path_length=0)),
    "no policy": CARD.with_extension("policies", None),
    "another policy": CARD.with_extension("policies", policies("1.2.3.4")),
    "any policy": CARD.with_extension("policies", policies("2.5.29.32.0")),
    "another purpose": CARD.with_extension("eku", x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])),
    "an unknown critical extension": CARD.with_extension("unknown", UNKNOWN),
    "a name constraint": CARD.with_extension("names", x509.NameConstraints([x509.DNSName("jp")], None), False),
    "another authority key id": CARD.with_extension(
        "aki", x509.AuthorityKeyIdentifier.from_issuer_public_key(rsa_key("someone").public_key()), False
    ),
    "another authority's serial": CARD.with_extension(
        "aki", x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(name("root"))], 77), False
    ),
    "a short key": CARD.but(key=weak_key()),
    "an elliptic key": CARD.but(key=p384_key("holder")),
    "SHA-384 with RSA": CARD.but(digest=hashes.SHA384()),
    "SHA-224": CARD.but(digest=hashes.SHA224()),
    "signed by itself": CARD.but(issuer="holder", issuer_key=rsa_key("holder")),
}
AUTHORITIES: dict[str, Shape] = {
    "is no CA": MIDDLE.with_extension("basic", x509.BasicConstraints(ca=False, path_length=None)),
    "says nothing about being a CA": MIDDLE.with_extension("basic", None),
    "no key usage": MIDDLE.with_extension("usage", None),
    "signs lists only": MIDDLE.with_extension("usage", usage("crl_sign")),
    "over": MIDDLE.but(ends=NOW - DAY),
    "not yet begun": MIDDLE.but(begins=NOW + DAY),
    "an unknown critical extension": MIDDLE.with_extension("unknown", UNKNOWN),
    "policies mapped": MIDDLE.with_extension("mapped", x509.PolicyConstraints(0, None)),
    "names constrained": MIDDLE.with_extension("names", x509.NameConstraints([x509.DNSName("jp")], None), False),
    "for another policy": MIDDLE.with_extension("policies", policies("1.2.3.4"), False),
    "for no policy": MIDDLE.with_extension("policies", None),
    "another key": MIDDLE.but(key=rsa_key("someone")),
    "another name": MIDDLE.but(subject="someone"),
    "signed by another": MIDDLE.but(issuer_key=rsa_key("someone")),
    "issued by another": MIDDLE.but(issuer="someone"),
    "SHA-512": MIDDLE.but(digest=hashes.SHA512()),
    "another key id": MIDDLE.with_extension("ski", x509.SubjectKeyIdentifier(b"x" * 20), False),
}


@pytest.mark.parametrize("broken", LEAVES)
def test_one_thing_wrong_in_the_cards_certificate(broken: str) -> None:
    assert path(leaf=LEAVES[broken]) == "certificate_foreign"


@pytest.mark.parametrize("broken", AUTHORITIES)
def test_one_thing_wrong_in_a_ca_certificate(broken: str) -> None:
    assert path(middle=AUTHORITIES[broken]) == "certificate_foreign"


@pytest.mark.parametrize(
    "root",
    [
        ROOT.with_extension("basic", x509.BasicConstraints(ca=True, path_length=0)),  # a CA below it is one too many
        ROOT.with_extension("usage", usage("crl_sign")),
        ROOT.with_extension("unknown", UNKNOWN),
        ROOT.but(ends=NOW - DAY),
        ROOT.but(digest=hashes.SHA384()),
        ca("root", weak_key()),
        ca("root", p256_key("root")),
    ],
)
def test_one_thing_wrong_in_the_anchor(root: Shape) -> None:
    assert path(middle=MIDDLE.but(issuer_key=root.key), root=root) == "certificate_foreign"
    assert path(middle=MIDDLE.but(issuer_key=root.key), root=root, p384=True) == "certificate_foreign"


def test_an_intermediate_alone_is_no_anchor() -> None:
    assert word(CARD.der(), MIDDLE.made()) == "certificate_foreign"
    assert word(CARD.der()) == "certificate_foreign"


def test_only_the_time_of_the_card_has_a_word_of_its_own() -> None:
    assert path(leaf=CARD.but(ends=NOW - DAY)) == "certificate_expired"
    assert path(leaf=CARD.but(begins=NOW + DAY)) == "certificate_expired"
    assert path(leaf=CARD.but(ends=NOW - DAY), middle=MIDDLE.but(ends=NOW - DAY)) == "certificate_foreign"
    assert path(leaf=CARD.but(ends=NOW)) == "good"


def test_path_length_counts_cas_that_are_not_self_issued() -> None:
    """RFC 5280, 4.2.1.9: a link from an old key to a new one of the same CA is free."""
    short = x509.BasicConstraints(ca=True, path_length=0)
    link = ca("root", MIDDLE_KEY, "root", ROOT_KEY)
    assert path(card("root", MIDDLE_KEY), link, ROOT.with_extension("basic", short)) == "good"
    below = ca("below", rsa_key("below"), "middle", MIDDLE_KEY)
    leaf = card("below", rsa_key("below")).der()
    assert word(leaf, below.made(), MIDDLE.made(), ROOT.made()) == "good"
    assert word(leaf, below.made(), MIDDLE.with_extension("basic", short).made(), ROOT.made()) == "certificate_foreign"
    one = x509.BasicConstraints(ca=True, path_length=1)
    assert word(leaf, below.made(), MIDDLE.made(), ROOT.with_extension("basic", one).made()) == "certificate_foreign"


def test_a_path_that_is_too_long() -> None:
    names = ["root", "a", "b", "c"]
    cas = [ROOT, *(ca(n, rsa_key(n), above, rsa_key(above)) for above, n in pairwise(names))]
    made = [shape.made() for shape in cas]
    assert word(card("b", rsa_key("b")).der(), *made) == "good"
    assert word(card("c", rsa_key("c")).der(), *made) == "certificate_foreign"


def test_generations_of_one_name_are_told_apart_by_their_keys() -> None:
    """Card source 6: three generations of JPKI's CA have the same name, and two are in force at a time."""
    old, new = ca("jpki", rsa_key("generation 2")), ca("jpki", rsa_key("generation 3"))
    for key in ("generation 2", "generation 3"):
        leaf = card("jpki", rsa_key(key)).der()
        assert word(leaf, old.made(), new.made()) == "good"
        assert chain.believe(leaf, [old.made(), new.made()], NOW).issuer.public_key() == rsa_key(key).public_key()
        without = leaf and card("jpki", rsa_key(key)).with_extension("aki", None).der()
        assert word(without, new.made(), old.made()) == "good", "the signature decides"
    assert word(card("jpki", rsa_key("generation 3")).der(), old.made()) == "certificate_foreign"
    assert word(card("jpki", rsa_key("generation 2")).der(), old.but(ends=NOW - DAY).made(), new.made()) == (
        "certificate_foreign"
    )


def test_a_key_rollover_links_the_new_key_to_the_old_one() -> None:
    old, link = (
        ca("jpki", rsa_key("generation 2")),
        ca("jpki", rsa_key("generation 3"), "jpki", rsa_key("generation 2")),
    )
    leaf = card("jpki", rsa_key("generation 3")).der()
    assert word(leaf, link.made(), old.made()) == "good"
    assert word(leaf, link.made()) == "certificate_foreign"


def test_cas_that_sign_each_other_lead_nowhere() -> None:
    left = ca("a", rsa_key("a"), "b", rsa_key("b")).made()
    right = ca("b", rsa_key("b"), "a", rsa_key("a")).made()
    turn = ca("a", rsa_key("a2"), "a", rsa_key("a")).made()
    back = ca("a", rsa_key("a"), "a", rsa_key("a2")).made()
    for one in ("a", "a2", "b"):
        leaf = card(one[0], rsa_key(one)).der()
        assert word(leaf, left, right, turn, back) == "certificate_foreign"


def test_a_critical_purpose_is_understood() -> None:
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
    assert path(leaf=CARD.with_extension("eku", purposes)) == "good"


# --- the coming card ---------------------------------------------------------------------------------

P384_ROOT = ca("next", p384_key("next"), digest=hashes.SHA384())
P384_CARD = card("next", p384_key("next"), p384_key("holder"), digest=hashes.SHA384())


def test_p384_only_behind_the_switch() -> None:
    assert word(P384_CARD.der(), P384_ROOT.made()) == "certificate_foreign"
    assert word(P384_CARD.der(), P384_ROOT.made(), p384=True) == "good"
    assert word(CARD.der(), MIDDLE.made(), ROOT.made(), p384=True) == "good"


@pytest.mark.parametrize(
    "leaf",
    [
        P384_CARD.but(digest=hashes.SHA256()),
        P384_CARD.but(digest=hashes.SHA512()),
        P384_CARD.but(key=p256_key("holder")),
        P384_CARD.but(key=weak_key()),
        P384_CARD.but(issuer_key=p384_key("someone")),
    ],
)
def test_p384_with_anything_but_sha384(leaf: Shape) -> None:
    assert word(leaf.der(), P384_ROOT.made(), p384=True) == "certificate_foreign"


# --- never an exception --------------------------------------------------------------------------------

DER = CARD.der()
BOTH = (MIDDLE.made(), ROOT.made())


@settings(max_examples=400, deadline=None)
@given(at=st.integers(0, len(DER) - 1), value=st.integers(1, 255))
def test_any_byte_changed_is_refused_with_a_word(at: int, value: int) -> None:
    spoilt = bytearray(DER)
    spoilt[at] ^= value
    assert word(bytes(spoilt), *BOTH) in {"certificate_foreign", "certificate_expired"}


@pytest.mark.parametrize("value", [1, 2, 3, 7])
def test_a_signature_with_unused_bits_is_refused(value: int) -> None:
    spoilt = bytearray(DER)
    spoilt[-257] = value
    assert word(bytes(spoilt), *BOTH) == "certificate_foreign"


@settings(max_examples=200, deadline=None)
@given(cut=st.integers(0, len(DER)), put=st.binary(max_size=40), skip=st.integers(0, 40))
def test_any_piece_changed_is_refused_with_a_word(cut: int, put: bytes, skip: int) -> None:
    spoilt = DER[:cut] + put + DER[cut + skip :]
    if spoilt != DER:
        assert word(spoilt, *BOTH) == "certificate_foreign"


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, 5000), value=st.integers(1, 255))
def test_any_byte_of_a_ca_certificate_changed_is_refused_or_the_certificate_cannot_be_read(at: int, value: int) -> None:
    """The authorities are the city's own files; still nothing in one of them may raise here."""
    whole = bytearray(BOTH[0].public_bytes(Encoding.DER))
    whole[at % len(whole)] ^= value
    try:
        authority = x509.load_der_x509_certificate(bytes(whole))
    except chain.UNREADABLE:
        return
    assert word(DER, authority, BOTH[1]) == "certificate_foreign"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_noise(noise: bytes) -> None:
    assert word(noise, *BOTH) == "certificate_foreign"


def test_the_login_policy_is_the_one_of_the_profile() -> None:
    assert {LOGIN} == chain.LOGIN_POLICIES
