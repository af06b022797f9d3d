"""PostgreSQL: connections, the guard, the catalogue and the staged check."""
