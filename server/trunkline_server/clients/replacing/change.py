"""One settings file that gets another content, in steps that can each be the last before a crash.

The new file is made beside the old one, both change places, and what came out is compared with what
was expected: if another program wrote it in between, it gets it back. The old file stays beside the
new one until it is discarded.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trunkline_server.clients import owned
from trunkline_server.clients.owned import Record
from trunkline_server.clients.replacing import backups, rights, swapping
from trunkline_server.clients.replacing.swapping import InterferedError
from trunkline_server.profiles import atomic


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
            TrunklineError: ``client.read_only``, ``client.linked`` or ``client.not_yours``.
            OSError: nothing was changed.
        """
        if self.before:
            rights.check(self.path)
        rights.make_folder(self.path.parent)
        if content is None:
            return
        atomic.replace(self.aside, content)
        if not self.before:
            rights.give_to_people(self.aside)
            return
        try:
            rights.give(self.path, self.aside)
        except rights.NotOursError as exc:
            raise exc.failure from exc

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
        swapping.mend(self.aside, self.path)
        now, aside = digest_of(self.path), digest_of(self.aside)
        if not self.has_effect:
            return True
        if not self.before:
            return now == self.after
        if now == self.after and aside not in {"", self.before}:
            self._give_back()
            return False
        return now == self.after or aside == self.before

    def is_untouched(self) -> bool:
        """Whether the file is as it was, or as it was to be: nobody has changed it since.

        Raises:
            OSError: that cannot be told.
        """
        swapping.mend(self.aside, self.path)
        return digest_of(self.path) in {self.before, self.after}

    def undo(self) -> None:
        """Put the old file and its records back, unless another program wrote the file since.

        Raises:
            OSError: it could not be done.
        """
        self._take_back()
        remembered = tuple(r for r in owned.listed() if r.path == str(self.path))
        if remembered != self.former:  # on a full disk nothing could be written
            owned.keep(self.path, self.former)

    def discard(self) -> None:
        """Remove the files beside; what another program wrote there goes to the backups first.

        Raises:
            OSError: it could not be done.
        """
        swapping.mend(self.aside, self.path)
        for file in (self.aside, swapping.aside_of(self.aside)):
            self._keep_of_others(file)
            for name in (file.name, f"{file.name}{atomic.HALF}"):
                file.with_name(name).unlink(missing_ok=True)

    def is_back(self) -> bool:
        """Whether the file is as it was; False also when that cannot be told."""
        with suppress(OSError):
            return digest_of(self.path) == self.before
        return False

    def kept(self) -> Path | None:
        """Return where the old file is, while it is not in its place; None when it is nowhere."""
        for file in (swapping.aside_of(self.aside), self.aside):
            with suppress(OSError):
                if self.before and digest_of(file) == self.before:
                    return file
        return None

    def _take_back(self) -> None:
        swapping.mend(self.aside, self.path)
        if not self.has_effect or digest_of(self.path) != self.after:
            return
        if not self.before:
            self.path.unlink()
        elif digest_of(self.aside):
            self._give_back()

    def _keep_of_others(self, file: Path) -> None:
        found = _content(file)
        ours = {self.before, self.after, digest_of(self.path)}
        if found is not None and digest(found) not in ours:
            backups.keep(self.client, self.path, found)

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
            except InterferedError:  # where two files cannot change places in one step
                if digest_of(self.path) != expected:
                    return
                continue
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
