"""Stops the set-up with one sentence when this Python cannot run Trunkline."""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 14):
    found = ".".join(map(str, sys.version_info[:3]))
    sys.exit(
        "Trunkline needs Python 3.11 to 3.14; this is "
        + found
        + ". Name another one: make PYTHON=python3.12 ..."
    )
try:
    import ensurepip  # noqa: F401  (only asked whether it is there)
    import venv  # noqa: F401
except ImportError:
    sys.exit("Python's venv module is missing. Install it: apt-get install python3-venv")
