"""Our side of one SSH login: what it says to a server, and what it notices."""

from __future__ import annotations

from collections.abc import Sequence

import asyncssh


class Visitor(asyncssh.SSHClient):
    """Our side of one login: refuses unknown keys, gives the password once, takes notes."""

    def __init__(self, secret: str | None) -> None:
        self._secrets = {"password": secret, "keyboard-interactive": secret}
        self.has_secret = bool(secret)
        self.shown: asyncssh.SSHKey | None = None
        self.shown_authority: asyncssh.SSHKey | None = None
        self.connection: asyncssh.SSHClientConnection | None = None
        self.methods: dict[str, None] = {}
        self.is_logging_in = False

    @property
    def speaks_ssh(self) -> bool:
        """Whether the server has introduced itself."""
        conn = self.connection
        return conn is not None and conn.get_extra_info("server_version") is not None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """Keep the connection, for what it finds out later."""
        self.connection = conn

    def validate_host_public_key(
        self, _host: str, _addr: str, _port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Note a key that no file knows, and refuse it."""
        self.shown = key
        return False

    def validate_host_ca_key(
        self, _host: str, _addr: str, _port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Note an authority that no file knows, and refuse it."""
        self.shown_authority = key
        return False

    def begin_auth(self, _username: str) -> None:
        """Note that the server's key was right."""
        self.is_logging_in = True

    def public_key_auth_requested(self) -> None:
        """Note that the server takes keys; all of ours were offered."""
        self.methods["publickey"] = None

    def password_auth_requested(self) -> str | None:
        """Give the password, once."""
        self.methods["password"] = None
        return self._secrets.pop("password", None)

    def kbdint_auth_requested(self) -> str | None:
        """Agree to be asked when there is a password to answer with."""
        self.methods["keyboard-interactive"] = None
        return "" if self._secrets.get("keyboard-interactive") else None

    def kbdint_challenge_received(
        self, _name: str, _instructions: str, _lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> list[str] | None:
        """Answer one hidden question with the password, once."""
        if not prompts:
            return []
        # One hidden answer is the password, in whatever language it is asked for.
        is_password = len(prompts) == 1 and not prompts[0][1]
        secret = self._secrets.pop("keyboard-interactive", None) if is_password else None
        return None if secret is None else [secret]
