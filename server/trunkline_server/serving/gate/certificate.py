"""The endpoint's own certificate: checked in plain words, taken anew when its files change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Files:
    """The PEM files of the endpoint's certificate chain and its private key."""

    cert: Path
    key: Path
