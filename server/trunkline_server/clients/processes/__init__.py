"""AI apps as they run: found, quit and started around a change, asked what they reach."""
