"""PostgreSQL's plan of a statement, and what is wrong with it in plain words."""
