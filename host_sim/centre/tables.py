"""The centre's tables: the books, the cards, requests and copies, debts, machines, flags and the audit record."""

import sqlalchemy as sa

meta = sa.MetaData()

facts = sa.Table("facts", meta, sa.Column("name", sa.String, primary_key=True), sa.Column("value", sa.JSON))

# --- the books: records of register.py, packed as JSON ---------------------------------------------------

residents = sa.Table(
    "residents",
    meta,
    sa.Column("resident_id", sa.String, primary_key=True),
    sa.Column("household_id", sa.String, nullable=False, index=True),
    sa.Column("packed", sa.String, nullable=False),
)
households = sa.Table(
    "households",
    meta,
    sa.Column("household_id", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),  # of the books, at the household's last change
    sa.Column("packed", sa.String, nullable=False),
)
seals = sa.Table(
    "seals",
    meta,
    sa.Column("resident_id", sa.String, primary_key=True),
    sa.Column("packed", sa.String, nullable=False),
)
taxes = sa.Table(
    "taxes",
    meta,
    sa.Column("resident_id", sa.String, primary_key=True),
    sa.Column("fiscal_year", sa.Integer, primary_key=True),
    sa.Column("packed", sa.String, nullable=False),
)
families = sa.Table(
    "families",
    meta,
    sa.Column("register_id", sa.String, primary_key=True),
    sa.Column("packed", sa.String, nullable=False),
)
family_members = sa.Table(
    "family_members",
    meta,
    sa.Column("resident_id", sa.String, primary_key=True),
    sa.Column("register_id", sa.String, primary_key=True),
)

# --- cards and who stands behind them ------------------------------------------------------------

cards = sa.Table(
    "cards",
    meta,
    sa.Column("credential_sha256", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("method", sa.String, nullable=False),
    sa.Column("resident_id", sa.String, nullable=False),
    sa.Column("revoked", sa.Boolean, nullable=False),
    sa.Column("reported_lost", sa.Boolean, nullable=False),
    sa.Column("valid_until", sa.String),
    sa.Column("public_key", sa.String),  # municipal: base64
    sa.Column("pin_salt", sa.LargeBinary),
    sa.Column("pin_hash", sa.LargeBinary),
    sa.Column("pin_failures", sa.Integer, nullable=False, default=0),
)
challenges = sa.Table(
    "challenges",
    meta,
    sa.Column("challenge_id", sa.String, primary_key=True),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("session_nonce", sa.LargeBinary, nullable=False),
    sa.Column("method", sa.String, nullable=False),
    sa.Column("credential", sa.LargeBinary, nullable=False),
    sa.Column("challenge", sa.LargeBinary, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
    # One answer and its outcome, so that the same answer again gets the same outcome.
    sa.Column("answer_sha256", sa.String),
    sa.Column("authentication_id", sa.String),
    sa.Column("refusal", sa.String),
    sa.Column("pin_tries_left", sa.Integer),
)
authentications = sa.Table(
    "authentications",
    meta,
    sa.Column("authentication_id", sa.String, primary_key=True),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("session_nonce", sa.LargeBinary, nullable=False),
    sa.Column("card_fingerprint", sa.String, nullable=False),
    sa.Column("resident_id", sa.String, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
)

# --- what was promised, and what became of it ----------------------------------------------------

requests = sa.Table(
    "requests",
    meta,
    sa.Column("request_id", sa.String, primary_key=True),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),  # making, made, dead
    sa.Column("body_sha256", sa.String, nullable=False, default=""),
    sa.Column("card_fingerprint", sa.String, nullable=False, default=""),
    sa.Column("household_id", sa.String, nullable=False, default=""),
    sa.Column("books_version", sa.Integer, nullable=False, default=0),  # of the household, as the documents show it
    sa.Column("manifest", sa.String, nullable=False, default=""),
    sa.Column("signature", sa.LargeBinary, nullable=False, default=b""),
    sa.Column("began_at", sa.Float, nullable=False),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
)
copies = sa.Table(
    "copies",
    meta,
    sa.Column("request_id", sa.String, primary_key=True),
    sa.Column("copy", sa.Integer, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("issue_number", sa.String, nullable=False, unique=True),
    sa.Column("resident_id", sa.String, nullable=False),
    sa.Column("fee_yen", sa.Integer, nullable=False),
    sa.Column("state", sa.String, nullable=False),  # reserved, delivered, issued, void
    sa.Column("stamp", sa.String, nullable=False),
    sa.Column("document", sa.LargeBinary),  # erased as soon as the copy is issued, void or expired
)
claims = sa.Table(
    "claims",
    meta,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("claim_code", sa.String, nullable=False, index=True),
    sa.Column("amount_yen", sa.Integer, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
)
holds = sa.Table(
    "holds",  # claims that a machine is about to pay
    meta,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("machine", sa.String, nullable=False),
)
collections = sa.Table(
    "collections",
    meta,
    sa.Column("key", sa.String, primary_key=True),  # of the claim
    sa.Column("place", sa.String, primary_key=True),  # a machine, or `counter`
    sa.Column("number", sa.Integer, primary_key=True),  # counted by the place
    sa.Column("amount_yen", sa.Integer, nullable=False),
)
serials = sa.Table(
    "serials",
    meta,
    sa.Column("day", sa.String, primary_key=True),
    sa.Column("terminal", sa.String, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)
machines = sa.Table(
    "machines",
    meta,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("seen_at", sa.String, nullable=False),
    sa.Column("journal_seq", sa.Integer, nullable=False),
    sa.Column("journal_head", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reasons", sa.JSON, nullable=False),
)

# --- the city's file, and what was told to machines from it ------------------------------------------

city_files = sa.Table(
    "city_files",  # every version that was applied; rows are added, never changed
    meta,
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("applied_at", sa.Float, nullable=False),
    sa.Column("applied_by", sa.String, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)
site_tables = sa.Table(
    "site_tables",  # one signed table a row; rows are added, never changed
    meta,
    sa.Column("machine", sa.String, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True),
    sa.Column("first_version", sa.BigInteger, nullable=False),  # of the set that was made together
    sa.Column("contents_sha256", sa.String, nullable=False),  # of the set, without versions and limits
    sa.Column("made_at", sa.Float, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
)

# --- traces --------------------------------------------------------------------------------------

audit = sa.Table(
    "audit",
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("site", sa.String, nullable=False),
    sa.Column("act", sa.String, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
)
flags = sa.Table(
    "flags",
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
)
