"""One settings file that gets another content, in steps that can each be the last before a crash.

The new file is made beside the old one, both change places, and what came out is compared with what
was expected: if another program wrote it in between, it gets it back. The old file stays beside the
new one until it is discarded.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trunkline_server.clients import owned
from trunkline_server.clients.owned import Record
from trunkline_server.clients.replacing import backups, swapping
from trunkline_server.errors import fail
from trunkline_server.profiles import atomic


class InterferedError(Exception):
    """Another program wrote the file at the same moment; it is as that program left it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file's change, by the digests of its content.

    Attributes:
        client: the app's id.
        path: the file, without symbolic links.
        before: of the file as it was; "" when there was none.
        after: of the file afterwards; "" when it goes.
        former: what was remembered of our entries in it.
        records: what to remember afterwards.
        aside: the file beside it: the new one at first, then the old one.
    """

    client: str
    path: Path
    before: str
    after: str
    former: tuple[Record, ...]
    records: tuple[Record, ...]
    aside: Path

    @property
    def has_effect(self) -> bool:
        """Whether the file changes, not our records alone."""
        return self.before != self.after

    def as_json(self) -> dict[str, Any]:
        """Return it for the list of what is under way."""
        return asdict(self) | {"path": str(self.path), "aside": str(self.aside)}

    @staticmethod
    def from_json(document: dict[str, Any]) -> Change:
        """Return what :meth:`as_json` wrote."""
        lists = {key: owned.from_json(document[key]) for key in ("former", "records")}
        paths = {key: Path(document[key]) for key in ("path", "aside")}
        return Change(**{**document, **lists, **paths})

    def prepare(self, content: bytes | None) -> None:
        """Write the new file beside the old one, and give it the same rights.

        Raises:
            TrunklineError: ``client.read_only``.
            OSError: nothing was changed.
        """
        if self.before and not self.path.stat().st_mode & 0o200:
            raise fail(
                "client.read_only",
                f"The file {self.path} is read-only.",
                "Nothing was changed. Allow writing to it, then try again.",
            )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            return
        atomic.replace(self.aside, content)
        if self.before:
            _dress_like(self.path, self.aside)

    def swap(self) -> None:
        """Let the new file take the place of the old one.

        Raises:
            InterferedError: another program wrote the file; it has its own again.
            OSError: nothing was changed; ``FileExistsError`` and ``FileNotFoundError`` too mean
                that another program was there.
        """
        if self.before and not _is_still(self.path, self.before):
            raise InterferedError  # seen in time: nobody reads ours before it is taken back
        if not self.before:
            swapping.place(self.aside, self.path)
        elif not self.after:
            self.path.rename(self.aside)
        else:
            swapping.exchange(self.aside, self.path)
        if self.before and not _is_still(self.aside, self.before):
            self._give_back()
            raise InterferedError
        if digest_of(self.path) != self.after:
            raise InterferedError

    def was_made(self) -> bool:
        """Whether it was made before a crash; what it had caught of others is given back.

        Raises:
            OSError: it could not be.
        """
        swapping.mend(self.aside)
        now, aside = digest_of(self.path), digest_of(self.aside)
        if not self.has_effect:
            return True
        if not self.before:
            return now == self.after
        if now == self.after and aside not in {"", self.before}:
            self._give_back()
            return False
        return now == self.after or aside == self.before

    def take_back(self) -> None:
        """Put the old file in its place again, unless another program wrote it since.

        Raises:
            OSError: it could not be done.
        """
        swapping.mend(self.aside)
        if not self.has_effect or digest_of(self.path) != self.after:
            return
        if not self.before:
            self.path.unlink()
        elif digest_of(self.aside) == self.before:
            self._give_back()

    def discard(self) -> None:
        """Remove the file beside; what another program wrote there goes to the backups first.

        Raises:
            OSError: it could not be done.
        """
        found = _content(self.aside)
        if found is not None and digest(found) not in {self.before, self.after}:
            backups.keep(self.client, self.path, found)
        for ending in ("", ".new", ".old"):  # of atomic.replace and swapping.exchange
            self.aside.with_name(f"{self.aside.name}{ending}").unlink(missing_ok=True)

    def _give_back(self) -> None:
        """Put the file beside in its place again, or a newer one if there is one by now."""
        if not self.after:
            with suppress(FileExistsError):
                swapping.place(self.aside, self.path)
            return
        expected = self.after
        while True:
            placed = digest_of(self.aside)
            try:
                swapping.exchange(self.aside, self.path)
            except FileNotFoundError:  # somebody has removed ours by now
                swapping.place(self.aside, self.path)
                return
            if digest_of(self.aside) == expected:
                return
            expected = placed


def digest(content: bytes | None) -> str:
    """Return a digest of a file's content; "" when there is no file."""
    if content is None:
        return ""
    import hashlib  # OpenSSL, four megabytes: only a change needs it

    return hashlib.sha256(content).hexdigest()


def digest_of(path: Path) -> str:
    """Return the digest of a file; "" when there is none."""
    return digest(_content(path))


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _is_still(path: Path, expected: str) -> bool:
    """Whether nobody wrote the file, or is about to."""
    return not swapping.is_being_written(path) and digest_of(path) == expected


def _dress_like(original: Path, copy: Path) -> None:
    """Give ``copy`` the owner, the mode and the attributes of ``original``, but not its age."""
    found = original.stat()
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # another's file in our folder: keeping the mode must do
            os.chown(copy, found.st_uid, found.st_gid)
    shutil.copystat(original, copy)
    os.utime(copy)
