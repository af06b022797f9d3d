"""Measures everything and prints one table: ``python -m tests.benchmarks``."""

from __future__ import annotations

import os
import platform
import sys

from tests.benchmarks import app, catalogue, editors, peers, queries, servers
from tests.benchmarks.measure import as_table


def main() -> None:
    """Print the table; figures out of reach are told, not punished."""
    print(f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores\n")
    compared = peers.main()
    own = (servers.rows, servers.sample_rows, queries.rows, catalogue.rows, editors.rows, app.rows)
    print(as_table([*compared, *(row for measure in own for row in measure())]))


if __name__ == "__main__":
    sys.exit(main())
