"""What is known of the connections to one database. Opens nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The connections of one database now.

    Attributes:
        in_use: how many answer a question.
        idle: how many wait for one.
        is_up: whether the database answered when it was last asked; None while it was not.
    """

    in_use: int = 0
    idle: int = 0
    is_up: bool | None = None
