"""Adds the wallet's cards to the card register at start."""

import json
import secrets
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from cryptography import x509

from host_sim.centre.authentication import hash_pin
from host_sim.centre.store import Store
from host_sim.centre.tables import cards


def load_cards(store: Store, wallet: Path) -> tuple[x509.Certificate, ...]:
    """Enter each card of the wallet that the register lacks. Returns the CA certificates to accept."""
    entries = json.loads((wallet / "registry.json").read_text(encoding="utf-8"))
    with store.writing() as c:
        cast = store.fact(c, "cast") or {}
        known = set(c.scalars(sa.select(cards.c.credential_sha256)))
        fresh = [e for e in entries if e["method"] and e["holder"] in cast and e["credential_sha256"] not in known]
        rows = [_card_row(entry, cast[entry["holder"]]) for entry in fresh]
        if rows:
            c.execute(cards.insert(), rows)
    return tuple(x509.load_pem_x509_certificate(path.read_bytes()) for path in sorted((wallet / "ca").glob("*.pem")))


def _card_row(entry: dict[str, Any], resident_id: str) -> dict[str, Any]:
    """A row for one entry of registry.json; the PIN is stored as a slow hash only."""
    municipal = entry["method"] == "municipal"
    salt = secrets.token_bytes(16) if municipal else None
    return {
        "credential_sha256": entry["credential_sha256"],
        "kind": entry["kind"],
        "method": entry["method"],
        "resident_id": resident_id,
        "revoked": entry["trouble"] == "certificate_revoked",
        "reported_lost": entry["trouble"] == "card_reported_lost",
        "valid_until": entry["valid_until"],
        "public_key": entry["card_public_key"],
        "pin_salt": salt,
        "pin_hash": None if salt is None else hash_pin(entry["pin"].encode(), salt),
        "pin_failures": 0,
    }
