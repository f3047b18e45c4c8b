"""The engine of embedded books, as settings name it: Django's SQLite, whose writers wait in line."""
