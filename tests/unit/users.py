"""Lets a test that root runs act as somebody else for a while."""

from __future__ import annotations

import ctypes
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

NOBODY, USERS = 65534, 100
LATE = (ctypes, hashlib)  # what ours imports at a change: others may not reach this Python
only_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root is several users"
)


@contextmanager
def acting_as(user: int, *groups: int) -> Iterator[None]:
    """Act as ``user``, who is in ``groups`` beside the group of the same number."""
    before = os.getgroups()
    os.setgroups([user, *groups])
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(before)
