"""What a login could do, and a login that can only read."""
