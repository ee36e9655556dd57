"""A copy says whose key signed it, so that the check page can tell after the document is erased."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("copies", sa.Column("signed_by", sa.String(), nullable=False, server_default=""))
