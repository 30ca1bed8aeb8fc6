"""The SQLite file: what it holds, how it is written, what it remembers."""
