"""The database below the tables: SQLite or PostgreSQL with the same guarantees, and the migrations of its schema.

Start at `dialects`. Public: `dialects`, `bulk`, `migrations`.
"""
