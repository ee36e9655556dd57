"""Alembic's revisions of the centre's database; `schema.py` runs them.

There is no way down. A newer revision may hold what an older one has no place for, so going down would lose it.
Whoever must go back restores the backup that `db upgrade` made first, with the program of that time.

Whoever changes `tables.py` writes the next `versions/rNNNN_what.py`, by hand, for SQLite and PostgreSQL
(`op.batch_alter_table` where SQLite cannot alter). tests/unit/centre/test_migrations.py says what is still missing.
"""
