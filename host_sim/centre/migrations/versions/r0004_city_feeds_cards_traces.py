"""The city's file and site tables, feeds, acts on cards, chained audit rows, flags with their acts, machines' reports."""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _feeds()
    _city()
    _cards()
    _machines()
    _flags()
    _audit()
    for table in ("audit", "flag_acts"):
        _guard(table)


def _feeds() -> None:
    op.create_table(
        "feeds",
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("register"),
    )
    op.create_table(
        "deliveries",
        sa.Column("register", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("manifest_sha256", sa.String(), nullable=False),
        sa.Column("made_at", sa.String(), nullable=False),
        sa.Column("applied_at", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("register", "number"),
    )


def _city() -> None:
    op.create_table(
        "city_files",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("applied_at", sa.Float(), nullable=False),
        sa.Column("applied_by", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "site_tables",
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("first_version", sa.BigInteger(), nullable=False),
        sa.Column("contents_sha256", sa.String(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("machine", "version"),
    )


def _cards() -> None:
    """Each card that was known begins with an act that says so, in the state that it had."""
    op.create_table(
        "card_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("credential_sha256", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("was", sa.String()),
        sa.Column("became", sa.String(), nullable=False),
        sa.Column("who", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_card_acts_credential_sha256", "card_acts", ["credential_sha256"])
    for name in ("pin_key_id", "seal_number", "replaced_by"):
        op.add_column("cards", sa.Column(name, sa.String()))
    op.create_index("ix_cards_seal_number", "cards", ["seal_number"])
    bind = op.get_bind()
    cards = sa.table("cards", *map(sa.column, ("credential_sha256", "kind", "revoked", "reported_lost")))
    acts = _table("card_acts", "at", "credential_sha256", "act", "became", "who", "why", detail=sa.JSON())
    for card in bind.execute(sa.select(cards)).mappings().all():
        became = "revoked" if card["revoked"] else "lost" if card["reported_lost"] else "in_use"
        row = {"at": "", "credential_sha256": card["credential_sha256"], "act": "issue", "became": became}
        told = {
            "who": "upgrade",
            "why": "known before acts were recorded",
            "detail": {"kind": card["kind"], "seal": False},
        }
        bind.execute(acts.insert().values(**row, **told))


def _machines() -> None:
    for name in ("state_since", "program", "program_since"):
        op.add_column("machines", sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("machines", sa.Column("site_table", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("machines", sa.Column("devices", sa.JSON()))
    op.execute("UPDATE machines SET state_since = seen_at")
    op.create_table(
        "processes",
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.String(), nullable=False),
        sa.Column("program", sa.String(), nullable=False),
        sa.Column("database", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("host", "pid"),
    )


def _flags() -> None:
    op.create_table(
        "flag_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("flag_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_flag_acts_flag_id", "flag_acts", ["flag_id"])
    for name, value in (("about", ""), ("last_at", ""), ("state", "open"), ("assigned_to", "")):
        op.add_column("flags", sa.Column(name, sa.String(), nullable=False, server_default=value))
    op.add_column("flags", sa.Column("times", sa.Integer(), nullable=False, server_default="1"))
    op.execute("UPDATE flags SET last_at = at")
    op.create_index("ix_flags_state", "flags", ["state"])


def _audit() -> None:
    """The rows that are there are chained in their order; a change before this upgrade cannot be found any more."""
    op.create_table(
        "audit_head",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
    )
    for name in ("previous", "sha256"):
        op.add_column("audit", sa.Column(name, sa.String()))
    bind = op.get_bind()
    audit = _table("audit", "at", "machine", "site", "act", "previous", "sha256", id=sa.Integer(), detail=sa.JSON())
    last, number = hashlib.sha256(b"kofuki-audit-1").hexdigest(), 0
    for row in bind.execute(sa.select(audit).order_by(audit.c.id)).mappings().all():
        told = {key: row[key] for key in ("id", "at", "machine", "site", "act", "detail")} | {"previous": last}
        text = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        chained = {"previous": last, "sha256": hashlib.sha256(text.encode()).hexdigest()}
        bind.execute(audit.update().where(audit.c.id == row["id"]).values(**chained))
        last, number = chained["sha256"], row["id"]
    if number:
        head = _table("audit_head", "sha256", number=sa.Integer())
        bind.execute(head.insert().values(number=number, sha256=last))
    with op.batch_alter_table("audit") as table:
        for name in ("previous", "sha256"):
            table.alter_column(name, existing_type=sa.String(), nullable=False)


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


def _table(name: str, *texts: str, **others: Any) -> sa.TableClause:
    columns = [sa.column(text, sa.String()) for text in texts]
    return sa.table(name, *columns, *(sa.column(column, kind) for column, kind in others.items()))
