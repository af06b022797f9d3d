"""Whole journeys: real processes, a real desktop, a real keyring."""
