"""What is free: granted exemptions, the code that a session has typed, and which exemption lowered a copy's fee."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "exemptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("resident_id", sa.String(), nullable=False),
        sa.Column("exemption", sa.String(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("granted_by", sa.String(), nullable=False),
        sa.Column("granted_at", sa.String(), nullable=False),
        sa.Column("valid_until", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=False, server_default=""),
        sa.Column("withdrawn_at", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    op.create_index("ix_exemptions_resident_id", "exemptions", ["resident_id"])
    op.create_index("ix_exemptions_granted_at", "exemptions", ["granted_at"])
    op.add_column("authentications", sa.Column("exemption_id", sa.Integer()))
    op.add_column("authentications", sa.Column("codes_tried", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("copies", sa.Column("exemption", sa.String(), nullable=False, server_default=""))
