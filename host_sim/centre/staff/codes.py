"""The second factor: codes of six digits, a new one every 30 seconds (TOTP, RFC 6238), from a secret that is kept sealed."""

import hmac
import secrets
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from host_sim.centre.typed import plain

STEP_S = 30
ISSUER = "Kofuki"


class OtherStaffKey(Exception):
    """The database's second factors were sealed with another staff.key; the message is a sentence."""


def new_secret() -> str:
    return pyotp.random_base32()


def uri(secret: str, login: str) -> str:
    """What an authenticator reads from a QR code: otpauth://totp/..."""
    return pyotp.TOTP(secret, interval=STEP_S, name=login, issuer=ISSUER).provisioning_uri()


def code_of(uri: str, now: datetime) -> str:
    """The code that an authenticator with this URI shows at this instant; for the simulator's sample accounts."""
    totp = pyotp.parse_uri(uri)
    assert isinstance(totp, pyotp.TOTP)
    return totp.at(now)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is: the present one, the one before or the one after. None: a wrong code."""
    typed = plain(code)
    if not (typed.isascii() and typed.isdecimal()):
        return None
    totp, present = pyotp.TOTP(secret, interval=STEP_S), int(now.timestamp()) // STEP_S
    found = None
    for step in (present - 1, present, present + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), typed.encode()):
            found = step
    return found


def seal(key: bytes, login: str, secret: str) -> bytes:
    """A nonce of 12 bytes and the sealed secret; it opens for this login only."""
    nonce = secrets.token_bytes(12)
    return nonce + ChaCha20Poly1305(key).encrypt(nonce, secret.encode(), login.encode())


def unseal(key: bytes, login: str, sealed: bytes) -> str:
    """Raises `OtherStaffKey`."""
    try:
        return ChaCha20Poly1305(key).decrypt(sealed[:12], sealed[12:], login.encode()).decode()
    except InvalidTag:
        raise OtherStaffKey(
            "The second factors of this database belong to another staff.key; restore the key file of the same backup."
        ) from None
