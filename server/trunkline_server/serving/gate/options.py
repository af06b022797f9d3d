"""The gate as the command line describes it: options and environment → ``Rules``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping

from trunkline_server.serving.gate.rules import Rules


def of(
    options: argparse.Namespace,
    *,
    kept: Callable[[], Mapping[str, str]],
    tell: Callable[[str], None],
) -> Rules:
    """Return the rules of a run over HTTP or SSE.

    ``kept`` returns the tokens that served profiles keep, by profile id; it is asked only when no
    other token was given, since it may wait for the keyring. ``tell`` gets sentences for people,
    such as the token made for this run when there is none.

    Raises:
        TrunklineError: ``usage.*``, ``token.*``, ``secrets.*``, ``endpoint.*``, ``run.remote``.
    """
    raise NotImplementedError
