"""What becomes of our entries when a database moves or goes, or another program takes them."""
