"""Connection profiles: what they are, where they are kept, and their secrets."""
