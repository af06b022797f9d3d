"""The tray app: windows, tray and the processes it supervises."""

import sys

if sys.version_info < (3, 12):
    from trunkline_desktop import refcounts

    refcounts.guard()  # before the first signal, in the tests as in the app
