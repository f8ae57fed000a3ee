"""Finding text in a million rows: one function, on FTS5 (SQLite) or pg_trgm (PostgreSQL)."""
