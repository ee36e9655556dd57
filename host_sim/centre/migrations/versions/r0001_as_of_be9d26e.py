"""The schema of commit be9d26e, the first whose databases are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "authentications",
        sa.Column("authentication_id", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("session_nonce", sa.LargeBinary(), nullable=False),
        sa.Column("card_fingerprint", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("authentication_id"),
    )
    op.create_index("ix_authentications_expires_at", "authentications", ["expires_at"])
    op.create_table(
        "cards",
        sa.Column("credential_sha256", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("reported_lost", sa.Boolean(), nullable=False),
        sa.Column("valid_until", sa.String()),
        sa.Column("public_key", sa.String()),
        sa.Column("pin_salt", sa.LargeBinary()),
        sa.Column("pin_hash", sa.LargeBinary()),
        sa.Column("pin_failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("credential_sha256"),
    )
    op.create_table(
        "challenges",
        sa.Column("challenge_id", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("session_nonce", sa.LargeBinary(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.Column("answer_sha256", sa.String()),
        sa.Column("authentication_id", sa.String()),
        sa.Column("refusal", sa.String()),
        sa.Column("pin_tries_left", sa.Integer()),
        sa.PrimaryKeyConstraint("challenge_id"),
    )
    op.create_index("ix_challenges_expires_at", "challenges", ["expires_at"])
    op.create_table(
        "claims",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("claim_code", sa.String(), nullable=False),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_claims_claim_code", "claims", ["claim_code"])
    op.create_table(
        "collections",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amount_yen", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", "place", "number"),
    )
    op.create_table(
        "copies",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("copy", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("issue_number", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("fee_yen", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("stamp", sa.String(), nullable=False),
        sa.Column("document", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("request_id", "copy"),
        sa.UniqueConstraint("issue_number"),
    )
    op.create_table(
        "facts",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("value", sa.JSON()),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "families",
        sa.Column("register_id", sa.String(), nullable=False),
        sa.Column("packed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("register_id"),
    )
    op.create_table(
        "family_members",
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("register_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("resident_id", "register_id"),
    )
    op.create_table(
        "flags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "holds",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "households",
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("packed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("household_id"),
    )
    op.create_table(
        "machines",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("seen_at", sa.String(), nullable=False),
        sa.Column("journal_seq", sa.Integer(), nullable=False),
        sa.Column("journal_head", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "requests",
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("body_sha256", sa.String(), nullable=False),
        sa.Column("card_fingerprint", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("books_version", sa.Integer(), nullable=False),
        sa.Column("manifest", sa.String(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("began_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("request_id"),
    )
    op.create_index("ix_requests_expires_at", "requests", ["expires_at"])
    op.create_table(
        "residents",
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("household_id", sa.String(), nullable=False),
        sa.Column("packed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("resident_id"),
    )
    op.create_index("ix_residents_household_id", "residents", ["household_id"])
    op.create_table(
        "seals",
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("packed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("resident_id"),
    )
    op.create_table(
        "serials",
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("terminal", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "terminal"),
    )
    op.create_table(
        "taxes",
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("fiscal_year", sa.Integer(), nullable=False),
        sa.Column("packed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("resident_id", "fiscal_year"),
    )
