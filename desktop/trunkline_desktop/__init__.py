"""The tray app: windows, tray and the processes it supervises."""
