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

# --- how the books are fed (registers/feed.py) ------------------------------------------------------------

feeds = sa.Table(
    "feeds",
    meta,
    sa.Column("register", sa.String, primary_key=True),  # residents, seals, taxes, families
    sa.Column("number", sa.Integer, nullable=False),  # of the last delivery; 0: imported, none yet
    sa.Column("made_at", sa.String, nullable=False),  # of the state that the books hold; RFC 3339
)
deliveries = sa.Table(
    "deliveries",  # each that was applied, so that the same one again is known
    meta,
    sa.Column("register", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("manifest_sha256", sa.String, nullable=False),
    sa.Column("made_at", sa.String, nullable=False),
    sa.Column("applied_at", sa.String, nullable=False),
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
    sa.Column("pin_key_id", sa.String),  # which pin-hash.key; null: hashed before there was one
    sa.Column("pin_failures", sa.Integer, nullable=False, default=0),
    sa.Column("seal_number", sa.String, index=True),  # the seal registration that hangs on this card (city rule 11)
    sa.Column("replaced_by", sa.String),  # the credential of the card or certificate that came after it
)
# What was done to each card, by whom and why. Rows are only added; `cards.disagreements` compares the two tables.
card_acts = sa.Table(
    "card_acts",
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("credential_sha256", sa.String, nullable=False, index=True),
    sa.Column("act", sa.String, nullable=False),
    sa.Column("was", sa.String),  # the state before; null: there was no card
    sa.Column("became", sa.String, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("why", sa.String, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
)
# A card that is to be written, or a PIN that is to be set, at a desk's reader (card_desk/orders.py). The row is there
# before anything is written: a card may be behind its order, never ahead of it.
card_orders = sa.Table(
    "card_orders",
    meta,
    sa.Column("order_id", sa.String, primary_key=True),
    sa.Column("made_at", sa.String, nullable=False),
    sa.Column("act", sa.String, nullable=False),  # issue, switch, renew, replace, pin, change
    sa.Column("state", sa.String, nullable=False, index=True),  # ordered, begun, recorded, done, discarded
    sa.Column("resident_id", sa.String, nullable=False, index=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("user_id", sa.String, nullable=False),  # 利用者ID; empty where only a PIN is set
    sa.Column("valid_until", sa.String),
    sa.Column("carries_seal", sa.Boolean, nullable=False),
    sa.Column("old", sa.String),  # the credential of the card that ends with it, or whose PIN is set
    sa.Column("proof", sa.String, nullable=False),  # photo, old_pin, or the number of an enquiry
    sa.Column("who", sa.String, nullable=False),
    sa.Column("why", sa.String, nullable=False),
    sa.Column("second", sa.String),
    sa.Column("code_sha256", sa.String, nullable=False, unique=True),
    sa.Column("code_until", sa.Float, nullable=False),
    # Written down as the order goes on, each before its effect on the card.
    sa.Column("machine", sa.String),
    sa.Column("session_nonce", sa.LargeBinary),
    sa.Column("challenge", sa.LargeBinary),
    sa.Column("chip", sa.String, unique=True),  # serial number in hex: one chip for one order
    sa.Column("record", sa.LargeBinary),  # the identity record that was given out for this chip's key
    sa.Column("answer_sha256", sa.String),  # of the last answer that counted, so that the same one again is known
)
# What became of each order, by whom and why. Rows are only added.
card_order_acts = sa.Table(
    "card_order_acts",
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("order_id", sa.String, nullable=False, index=True),
    sa.Column("became", sa.String, nullable=False),
    sa.Column("who", sa.String, nullable=False),  # staff, or the terminal at the desk
    sa.Column("why", sa.String, nullable=False),
)
# Letters to the registered address of who has no photo ID (照会書): the reply proves that the person received it.
enquiries = sa.Table(
    "enquiries",
    meta,
    sa.Column("enquiry_id", sa.String, primary_key=True),
    sa.Column("resident_id", sa.String, nullable=False, index=True),
    sa.Column("state", sa.String, nullable=False),  # sent, answered, used, withdrawn
    sa.Column("sent_on", sa.String, nullable=False),
    sa.Column("reply_until", sa.String, nullable=False),  # the last day on which the reply counts
    sa.Column("code_sha256", sa.String, nullable=False),  # of the code on the letter
    sa.Column("wrong_codes", sa.Integer, nullable=False, default=0),
    sa.Column("answered_on", sa.String),
    sa.Column("sent_by", sa.String, nullable=False),
    sa.Column("answered_by", sa.String),
)
challenges = sa.Table(
    "challenges",
    meta,
    sa.Column("challenge_id", sa.String, primary_key=True),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("session_nonce", sa.LargeBinary, nullable=False),
    sa.Column("method", sa.String, nullable=False),
    sa.Column("credential", sa.LargeBinary, nullable=False),
    sa.Column("attended", sa.Boolean, nullable=False, server_default=sa.false()),  # two clerks vouch; no PIN is asked
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
    sa.Column("method", sa.String, nullable=False, server_default=""),  # jpki, municipal, attended
    sa.Column("clerks", sa.String, nullable=False, server_default=""),  # attended: both logins, "a,b"
    sa.Column("exemption_id", sa.Integer),  # the grant whose code was typed and taken
    sa.Column("codes_tried", sa.Integer, nullable=False, server_default="0"),
    sa.Column("expires_at", sa.Float, nullable=False, index=True),
)

# --- what is free --------------------------------------------------------------------------------

exemptions = sa.Table(
    "exemptions",  # granted at a desk; only `request_id` and `withdrawn_at` are changed
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.String, nullable=False, unique=True),
    sa.Column("resident_id", sa.String, nullable=False, index=True),
    sa.Column("exemption", sa.String, nullable=False),  # its word in the city's file
    sa.Column("kinds", sa.JSON, nullable=False),
    sa.Column("copies", sa.Integer, nullable=False),  # of each kind
    sa.Column("why", sa.String, nullable=False),  # which proof the clerk saw
    sa.Column("granted_by", sa.String, nullable=False),
    sa.Column("granted_at", sa.String, nullable=False, index=True),
    sa.Column("valid_until", sa.String, nullable=False),  # the last day
    sa.Column("request_id", sa.String, nullable=False, server_default=""),  # the order in which it was used
    sa.Column("withdrawn_at", sa.String, nullable=False, server_default=""),
)

# --- what was promised, and what became of it ----------------------------------------------------

requests = sa.Table(
    "requests",
    meta,
    sa.Column("request_id", sa.String, primary_key=True),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("session", sa.String, nullable=False, server_default="", index=True),  # its nonce; a claim's key names it
    sa.Column("state", sa.String, nullable=False),  # making, made, dead
    # For the statistics: how the resident was known, and through which of the city's channels. Empty before there were these.
    sa.Column("method", sa.String, nullable=False, server_default=""),
    sa.Column("channel", sa.String, nullable=False, server_default=""),
    sa.Column("body_sha256", sa.String, nullable=False, default=""),
    sa.Column("card_fingerprint", sa.String, nullable=False, default=""),
    sa.Column("household_id", sa.String, nullable=False, default=""),
    sa.Column("issue_numbers", sa.JSON, nullable=False, server_default="[]"),  # taken for it, made or not
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
    sa.Column("requester", sa.String, nullable=False, server_default=""),  # self, household, family (rules.py)
    sa.Column("exemption", sa.String, nullable=False, server_default=""),  # why the fee is lower: its word; else empty
    sa.Column("state", sa.String, nullable=False),  # reserved, delivered, issued, void
    sa.Column("stamp", sa.String, nullable=False),
    sa.Column(
        "signed_by", sa.String, nullable=False, server_default=""
    ),  # SHA-256 of the city's certificate; else empty
    sa.Column("document", sa.LargeBinary),  # erased as soon as the copy is issued, void or expired
)
_kept = copies.c.document.is_not(None)
sa.Index("ix_copies_kept", copies.c.request_id, sqlite_where=_kept, postgresql_where=_kept)
claims = sa.Table(
    "claims",
    meta,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("claim_code", sa.String, nullable=False, index=True),
    sa.Column("amount_yen", sa.Integer, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("told_at", sa.String, nullable=False, server_default=""),
    sa.Column("strange", sa.Boolean, nullable=False, server_default=sa.false()),  # of no session that the centre knows
)
holds = sa.Table(
    "holds",  # claims that a machine or a desk is about to pay
    meta,
    sa.Column("key", sa.String, primary_key=True),
    sa.Column("machine", sa.String, nullable=False),  # or `counter`
    sa.Column("by", sa.String, nullable=False, server_default=""),  # at the counter: who
    sa.Column("until", sa.Float),  # at the counter: when it ends by itself; a machine's ends with its `collected`
)
claim_payments = sa.Table(
    "claim_payments",  # at a desk; rows are added, and only `heard_at` is changed
    meta,
    sa.Column("key", sa.String, primary_key=True),  # of the claim: a desk pays everything that is left
    sa.Column("amount_yen", sa.Integer, nullable=False),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("place", sa.String, nullable=False),  # a site's word in the city's file
    sa.Column("by", sa.String, nullable=False),
    sa.Column("receipt", sa.String, nullable=False, unique=True),
    sa.Column("heard_at", sa.String, nullable=False, server_default=""),  # when the machine told that it is written
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
    sa.Column("heard_on", sa.Float, nullable=False, server_default="0"),  # when the connection that told it was opened
    sa.Column("heard_at", sa.Float, nullable=False, server_default="0"),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("state_since", sa.String, nullable=False, server_default=""),
    sa.Column("reasons", sa.JSON, nullable=False),
    sa.Column("program", sa.String, nullable=False, server_default=""),
    sa.Column("program_since", sa.String, nullable=False, server_default=""),
    sa.Column("site_table", sa.BigInteger, nullable=False, server_default="0"),  # the highest version it holds
    sa.Column("devices", sa.JSON),  # device -> its state or model
)
machine_cases = sa.Table(
    "machine_cases",  # what waits for a person at a machine, as it told it
    meta,
    sa.Column("machine", sa.String, primary_key=True),
    sa.Column("code", sa.String, primary_key=True),
    sa.Column("detail", sa.String, primary_key=True),
    sa.Column("first_at", sa.String, nullable=False),
    sa.Column("flag_id", sa.Integer, nullable=False),
    sa.Column("gone_at", sa.String, nullable=False, server_default=""),  # when it was not told any more
)
machine_words = sa.Table(
    "machine_words",  # records of a machine's journal that it told beside its cases; the first telling stays
    meta,
    sa.Column("machine", sa.String, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("line", sa.String, nullable=False),
    sa.Column("heard_at", sa.String, nullable=False),
)
# Which key may speak for which machine (machines/registry.py). A name has one row for each version of its key.
machine_keys = sa.Table(
    "machine_keys",
    meta,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("site", sa.String, nullable=False),  # store, office, counter
    sa.Column("spki_sha256", sa.String, nullable=False, index=True),  # of the certificate's public key, hex
    sa.Column("state", sa.String, nullable=False),  # asked, valid, suspended, replaced, revoked
)
machine_acts = sa.Table(
    "machine_acts",
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("act", sa.String, nullable=False),  # asked, registered, suspended, revoked, replaced, entered
    sa.Column("by", sa.String, nullable=False),
    sa.Column("why", sa.String, nullable=False),
)
processes = sa.Table(
    "processes",  # of this centre, each from its start to its end
    meta,
    sa.Column("host", sa.String, primary_key=True),
    sa.Column("pid", sa.Integer, primary_key=True),
    sa.Column("started_at", sa.String, nullable=False),
    sa.Column("program", sa.String, nullable=False),
    sa.Column("database", sa.String, nullable=False),  # its URL, without a password
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

# --- the city's staff and their desk (staff/, desk/) ---------------------------------------------------

staff_accounts = sa.Table(
    "staff_accounts",  # who is staff, and with which roles, stands in the city's file
    meta,
    sa.Column("login", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),  # invited, active, locked
    sa.Column("password_cost", sa.String, nullable=False, server_default=""),  # scrypt's: "n=32768 r=8 p=3"
    sa.Column("password_salt", sa.LargeBinary),
    sa.Column("password_hash", sa.LargeBinary),
    sa.Column("totp_sealed", sa.LargeBinary),  # the second factor's secret, sealed with staff.key
    sa.Column("totp_step", sa.BigInteger, nullable=False, server_default="0"),  # of the last code that was used
    sa.Column("start_sha256", sa.String),  # of the start code with which an invited person comes the first time
    sa.Column("start_until", sa.Float),
    sa.Column("made_at", sa.String, nullable=False),
    sa.Column("made_by", sa.String, nullable=False),
)
staff_tries = sa.Table(
    "staff_tries",  # wrong tries of one login or from one network address
    meta,
    sa.Column("of", sa.String, primary_key=True),  # the hash of the login or address
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("last_at", sa.Float, nullable=False),
    sa.Column("locked_until", sa.Float, nullable=False),
)
desk_sessions = sa.Table(
    "desk_sessions",
    meta,
    sa.Column("token_sha256", sa.String, primary_key=True),  # of the cookie
    sa.Column("login", sa.String, nullable=False, index=True),
    sa.Column("began_at", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
)
desk_forms = sa.Table(
    "desk_forms",  # each form that was sent; a second time it is refused
    meta,
    sa.Column("token_sha256", sa.String, primary_key=True),
    sa.Column("sent_at", sa.Float, nullable=False, index=True),
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
    sa.Column("previous", sa.String, nullable=False),  # the hash of the row before
    sa.Column("sha256", sa.String, nullable=False),  # of everything else in this row
)
_issued = audit.c.act == "issued"
sa.Index("ix_audit_issued", audit.c.at, sqlite_where=_issued, postgresql_where=_issued)  # for the statistics
audit_head = sa.Table(
    "audit_head",  # one row
    meta,
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("sha256", sa.String, nullable=False),
)
flags = sa.Table(
    "flags",
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("machine", sa.String, nullable=False),
    sa.Column("what", sa.String, nullable=False),
    sa.Column("about", sa.String, nullable=False, server_default=""),  # a request, a session, an event
    sa.Column("detail", sa.JSON, nullable=False),  # as it was told the first time
    sa.Column("times", sa.Integer, nullable=False, server_default="1"),
    sa.Column("last_at", sa.String, nullable=False, server_default=""),
    sa.Column("state", sa.String, nullable=False, server_default="open", index=True),  # open, closing, closed
    sa.Column("assigned_to", sa.String, nullable=False, server_default=""),
)
flag_acts = sa.Table(
    "flag_acts",
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("flag_id", sa.Integer, nullable=False, index=True),
    sa.Column("at", sa.String, nullable=False),
    sa.Column("act", sa.String, nullable=False),  # assigned, commented, closing, closed, reopened
    sa.Column("by", sa.String, nullable=False),
    sa.Column("words", sa.String, nullable=False),
)
pushes = sa.Table(
    "pushes",  # of flags, to people: one row for each new flag and way (alarms/outbox.py)
    meta,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("flag_id", sa.Integer, nullable=False),
    sa.Column("way", sa.String, nullable=False),  # webhook, mail
    sa.Column("state", sa.String, nullable=False, index=True),  # waiting, sent, unwanted
    sa.Column("due_at", sa.Float, nullable=False),  # while a process sends it: when another one may
    sa.Column("tries", sa.Integer, nullable=False),
)


def append_only_ddl(table: str, dialect: str) -> list[str]:
    """Statements by which the database itself refuses to change or delete a row of this table."""
    if dialect == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        return [f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table} {refuse}" for act in ("UPDATE", "DELETE")]
    body = f"BEGIN RAISE EXCEPTION '{table} is append-only'; END"
    function = f"CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"
    acts = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    return [
        function,
        f"CREATE TRIGGER {table}_append_only {acts} FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()",
    ]


def _guard(table: sa.Table) -> None:
    for dialect in ("sqlite", "postgresql"):
        for statement in append_only_ddl(table.name, dialect):
            made = sa.DDL(statement)  # type: ignore[no-untyped-call]
            sa.event.listen(table, "after_create", made.execute_if(dialect=dialect))


_guard(audit)
_guard(flag_acts)
_guard(machine_acts)
_guard(card_order_acts)
