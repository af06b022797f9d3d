"""A stand-in server that ends in the middle of accepting somebody leaves no socket behind."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings

import pytest

from tests.server import servers


@pytest.mark.parametrize("turns", range(8))
def test_whoever_is_accepted_at_the_very_end_is_hung_up_on(turns: int):
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always", ResourceWarning)
        asyncio.run(visited(turns))
        gc.collect()
    assert not [str(warning.message) for warning in left]


async def visited(turns: int) -> None:
    """Serve somebody who connects, for so many turns of the loop."""
    async with servers.listening(servers.silent) as port:
        with socket.create_connection((servers.LOCAL, port)):
            for _ in range(turns):
                await asyncio.sleep(0)
