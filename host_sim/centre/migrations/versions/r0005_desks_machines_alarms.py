"""The city's desks: staff, cards, claims and incidents; registered machines, pushed alarms, and how a resident was known."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    _staff()
    _card_desk()
    _claims()
    _machines()
    _issues()
    for table in ("machine_acts", "card_order_acts"):
        _guard(table)


def _staff() -> None:
    op.create_table(
        "staff_accounts",
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("password_cost", sa.String(), nullable=False, server_default=""),
        sa.Column("password_salt", sa.LargeBinary()),
        sa.Column("password_hash", sa.LargeBinary()),
        sa.Column("totp_sealed", sa.LargeBinary()),
        sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("start_sha256", sa.String()),
        sa.Column("start_until", sa.Float()),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("login"),
    )
    op.create_table(
        "staff_tries",
        sa.Column("of", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.Float(), nullable=False),
        sa.Column("locked_until", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("of"),
    )
    op.create_table(
        "desk_sessions",
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("login", sa.String(), nullable=False),
        sa.Column("began_at", sa.Float(), nullable=False),
        sa.Column("seen_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_index("ix_desk_sessions_login", "desk_sessions", ["login"])
    op.create_table(
        "desk_forms",
        sa.Column("token_sha256", sa.String(), nullable=False),
        sa.Column("sent_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("token_sha256"),
    )
    op.create_index("ix_desk_forms_sent_at", "desk_forms", ["sent_at"])


def _card_desk() -> None:
    op.create_table(
        "card_orders",
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("valid_until", sa.String()),
        sa.Column("carries_seal", sa.Boolean(), nullable=False),
        sa.Column("old", sa.String()),
        sa.Column("proof", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("second", sa.String()),
        sa.Column("code_sha256", sa.String(), nullable=False),
        sa.Column("code_until", sa.Float(), nullable=False),
        sa.Column("machine", sa.String()),
        sa.Column("session_nonce", sa.LargeBinary()),
        sa.Column("challenge", sa.LargeBinary()),
        sa.Column("chip", sa.String()),
        sa.Column("record", sa.LargeBinary()),
        sa.Column("answer_sha256", sa.String()),
        sa.PrimaryKeyConstraint("order_id"),
        sa.UniqueConstraint("chip"),
        sa.UniqueConstraint("code_sha256"),
    )
    op.create_index("ix_card_orders_state", "card_orders", ["state"])
    op.create_index("ix_card_orders_resident_id", "card_orders", ["resident_id"])
    op.create_table(
        "card_order_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("became", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_card_order_acts_order_id", "card_order_acts", ["order_id"])
    op.create_table(
        "enquiries",
        sa.Column("enquiry_id", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sent_on", sa.String(), nullable=False),
        sa.Column("reply_until", sa.String(), nullable=False),
        sa.Column("code_sha256", sa.String(), nullable=False),
        sa.Column("wrong_codes", sa.Integer(), nullable=False),
        sa.Column("answered_on", sa.String()),
        sa.Column("sent_by", sa.String(), nullable=False),
        sa.Column("answered_by", sa.String()),
        sa.PrimaryKeyConstraint("enquiry_id"),
    )
    op.create_index("ix_enquiries_resident_id", "enquiries", ["resident_id"])


def _claims() -> None:
    op.create_table(
        "claim_payments",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("heard_at", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key"),
        sa.UniqueConstraint("receipt"),
    )
    op.add_column("claims", sa.Column("told_at", sa.String(), nullable=False, server_default=""))
    op.add_column("claims", sa.Column("strange", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("holds", sa.Column("by", sa.String(), nullable=False, server_default=""))
    op.add_column("holds", sa.Column("until", sa.Float()))


def _machines() -> None:
    """Machines that were known register anew at the next start, from the certificates in the centre's directory."""
    op.create_table(
        "machine_keys",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("spki_sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", "version"),
    )
    op.create_index("ix_machine_keys_spki_sha256", "machine_keys", ["spki_sha256"])
    op.create_table(
        "machine_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_machine_acts_name", "machine_acts", ["name"])
    op.create_table(
        "machine_cases",
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("first_at", sa.String(), nullable=False),
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("machine", "code", "detail"),
    )
    op.create_table(
        "machine_words",
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("line", sa.String(), nullable=False),
        sa.Column("heard_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("machine", "seq"),
    )
    op.create_table(
        "pushes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.Float(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_pushes_state", "pushes", ["state"])


def _issues() -> None:
    """How and where a resident was known; empty for what was issued before."""
    op.add_column("challenges", sa.Column("attended", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("authentications", sa.Column("method", sa.String(), nullable=False, server_default=""))
    op.add_column("authentications", sa.Column("clerks", sa.String(), nullable=False, server_default=""))
    op.add_column("requests", sa.Column("session", sa.String(), nullable=False, server_default=""))
    op.add_column("requests", sa.Column("method", sa.String(), nullable=False, server_default=""))
    op.add_column("requests", sa.Column("channel", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_requests_session", "requests", ["session"])
    op.add_column("copies", sa.Column("requester", sa.String(), nullable=False, server_default=""))
    issued = sa.text("act = 'issued'")
    op.create_index("ix_audit_issued", "audit", ["at"], sqlite_where=issued, postgresql_where=issued)


def _guard(table: str) -> None:
    """The database itself refuses to change or delete a row."""
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for act in ("UPDATE", "DELETE"):
            op.execute(f"CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table} {refuse}")
        return
    body = f"BEGIN RAISE EXCEPTION '{table} is append-only'; END"
    op.execute(f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    acts = f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
    op.execute(f"CREATE TRIGGER {table}_append_only {acts} FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()")
