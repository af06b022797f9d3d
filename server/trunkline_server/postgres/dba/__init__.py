"""What an administrator asks of a database: its health, costly statements, indexes, locks."""
