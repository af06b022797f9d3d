"""AI apps and their settings files."""
