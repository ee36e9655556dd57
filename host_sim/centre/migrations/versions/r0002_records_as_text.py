"""A record of the books is text that `register.unpack` reads, no longer JSON that the driver reads first."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_TABLES = {
    "residents": ("resident_id",),
    "households": ("household_id",),
    "seals": ("resident_id",),
    "taxes": ("resident_id", "fiscal_year"),
    "families": ("register_id",),
}


def upgrade() -> None:
    for name, key in _TABLES.items():
        with op.batch_alter_table(name) as table:
            table.alter_column(
                "packed",
                existing_type=sa.JSON(),
                type_=sa.String(),
                existing_nullable=False,
                postgresql_using="packed::text",
            )
        _write_as_packed(name, key)


def _write_as_packed(name: str, key: tuple[str, ...]) -> None:
    """The same content with the spacing of `register.pack`, so that equal records are equal text."""
    table = sa.table(name, sa.column("packed"), *map(sa.column, key))
    bind = op.get_bind()
    for row in bind.execute(sa.select(table)).mappings().all():
        packed = json.dumps(json.loads(row["packed"]), ensure_ascii=False, separators=(",", ":"))
        this = sa.and_(*(table.c[column] == row[column] for column in key))
        bind.execute(table.update().where(this).values(packed=packed))
