"""The way to a database through SSH servers, when its profile names one.

The only package that imports asyncssh; it is loaded for such profiles only. Nothing listens on
this computer: each connection is a pair of sockets, one end in the driver's hands. The person's
``~/.ssh/config`` is not read, as little as ``PG*``: nothing silently fills a gap of a profile.
"""

import logging

from trunkline_server.postgres.tunnel.hops import Hop, hops_of
from trunkline_server.postgres.tunnel.trusting import Stranger, accept, forget, stranger
from trunkline_server.postgres.tunnel.tunnel import Tunnel
from trunkline_server.postgres.tunnel.words import SshError

# At the level of a server's own lines it would tell every address and key.
logging.getLogger("asyncssh").setLevel(logging.WARNING)

__all__ = ["Hop", "SshError", "Stranger", "Tunnel", "accept", "forget", "hops_of", "stranger"]
