"""What the views show, kept apart from how they show it."""
