"""A copy says whose key signed it, for the check page; a machine's head says on which connection it was told (`witness.py`)."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("copies", sa.Column("signed_by", sa.String(), nullable=False, server_default=""))
    for column in ("heard_on", "heard_at"):
        op.add_column("machines", sa.Column(column, sa.Float(), nullable=False, server_default="0"))
