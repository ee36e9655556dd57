"""Alembic's entry: runs the revisions in the transaction that `schema.upgrade` has begun."""

from alembic import context

from host_sim.centre.tables import meta

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=meta,
    transactional_ddl=True,  # on SQLite, too: store.py begins the transaction itself
)
context.run_migrations()
