"""A server over HTTP for the clients that others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server.conftest import READER, Server, server
from tests.server.processes import running
from trunkline_server.profiles.profile import Profile

__all__ = ["server"]  # the PostgreSQL of tests/server, for these journeys too


@dataclass(frozen=True)
class Served:
    """A running server of the shop.

    Attributes:
        url: its endpoint.
        home: its folder, where a relay finds it.
    """

    url: str
    home: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2].partition("/")[0])


@pytest.fixture(scope="session")
def shop(server: Server) -> Profile:
    """Return how a reader reaches the shop."""
    return Profile(
        id="shop", name="Shop", host=str(server.socket), port=server.port, database="shop",
        user=READER, sslmode="disable",
    )  # fmt: skip


def served(shop: Profile, transport: str, home: Path) -> Iterator[Served]:
    """Serve the shop over ``transport`` until the fixture ends."""
    arguments = ("--transport", transport, "--port", "0")
    with running(shop, *arguments, TRUNKLINE_HOME=str(home)) as run:
        yield Served(run.ready().url, home)


@pytest.fixture(scope="session")
def over_http(shop: Profile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the shop at ``/mcp`` for all tests that only ask."""
    yield from served(shop, "http", tmp_path_factory.mktemp("http"))


@pytest.fixture(scope="session")
def over_sse(shop: Profile, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve the shop at ``/sse`` for all tests that only ask."""
    yield from served(shop, "sse", tmp_path_factory.mktemp("sse"))
