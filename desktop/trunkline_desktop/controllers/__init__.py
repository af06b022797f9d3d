"""What happens when something is done in the window; the views themselves decide nothing."""
