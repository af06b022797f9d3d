"""Small stand-ins kept in one place."""

from __future__ import annotations

import json
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """A keyring that lives as long as this object."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


class FileKeyring(KeyringBackend):
    """A keyring for programs that others start: a file in the person's home folder."""

    priority = 1

    @staticmethod
    def file(home: Path) -> Path:
        """Return where the secrets of the person with this home folder are."""
        return home / "keyring.json"

    @classmethod
    def install(cls, home: Path, secrets: dict[str, str]) -> None:
        """Give a person this keyring, with what it is to keep by account."""
        settings = home / ".config" / "python_keyring" / "keyringrc.cfg"
        settings.parent.mkdir(parents=True)
        root = Path(__file__).parents[1]
        settings.write_text(
            f"[backend]\ndefault-keyring={cls.__module__}.{cls.__name__}\nkeyring-path={root}\n"
        )
        cls.file(home).write_text(json.dumps(secrets))

    def get_password(self, service: str, username: str) -> str | None:
        kept: dict[str, str] = json.loads(self.file(Path.home()).read_text())
        return kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        file = self.file(Path.home())
        file.write_text(json.dumps(json.loads(file.read_text()) | {username: password}))
