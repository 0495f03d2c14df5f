//! Connections, transactions and migrations on SQLite and PostgreSQL.
