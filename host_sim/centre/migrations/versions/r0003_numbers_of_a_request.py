"""A request holds the issue numbers it took, so that each number is accounted for also when its process was killed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("requests", sa.Column("issue_numbers", sa.JSON(), nullable=False, server_default="[]"))
    kept = sa.text("document IS NOT NULL")
    op.create_index("ix_copies_kept", "copies", ["request_id"], sqlite_where=kept, postgresql_where=kept)
