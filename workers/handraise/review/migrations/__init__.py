"""The versions of the tables, in order. Made by Alembic, run by `LogDatabase.migrate`."""
