"""The databases as the tools see them: each connected when its first question comes, not before."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from trunkline_server.errors import Failure, TrunklineError, fail
from trunkline_server.profiles.profile import Profile
from trunkline_server.subjects import Subject

if TYPE_CHECKING:
    from trunkline_server.postgres.database import Database

Secret = Callable[[], str | None]
News = Callable[[], Mapping[str, Subject | None]]

_OUT_OF_REACH = ("database.", "login.", "reach.", "resolve.", "sample.", "secrets.", "ssh.", "tls.")
_SECRET_REFUSED = ("login.password", "ssh.login", "ssh.password_missing")


class Source:
    """A profile, how to get its secrets, and its ``Database`` once somebody asked.

    Attributes:
        profile: the database.
        is_up: whether it answered when it was last asked; ``None`` while it was not.
        is_removed: whether it is served no longer, because it was removed from Trunkline.
    """

    def __init__(
        self, profile: Profile, password: Secret, ssh_secret: Secret = lambda: None
    ) -> None:
        self.profile = profile
        self.is_up: bool | None = None
        self.is_removed = False
        self._secrets = password, ssh_secret
        self._known: tuple[str | None, str | None] = None, None
        self._database: Database | None = None
        self._opening = asyncio.Lock()
        self._questions = 0
        self._is_unasked = asyncio.Event()
        self._is_unasked.set()

    async def database(self) -> Database:
        """Return the database.

        Raises:
            TrunklineError: the keyring is locked or missing; the next question tries again.
        """
        if self._database is not None:
            return self._database
        async with self._opening:
            if self._database is None:
                self._known = password, ssh = await asyncio.to_thread(self._ask)
                # Not at the top: asyncpg is of no use to a client that lists the tools only.
                from trunkline_server.postgres.database import Database

                self._database = Database(self.profile, password, ssh_secret=ssh)
        return self._database

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Ask a question: whoever retires this database waits for the answer."""
        self._questions += 1
        self._is_unasked.clear()
        try:
            yield
        finally:
            self._questions -= 1
            if not self._questions:
                self._is_unasked.set()

    async def has_new_secret(self, failure: Failure) -> bool:
        """Take a new password after a question failed for the old one; return whether it did."""
        if self._database is None or failure.code not in _SECRET_REFUSED:
            return False
        try:
            fresh = await asyncio.to_thread(self._ask)
        except TrunklineError:
            return False  # what failed is told already
        if fresh == self._known:
            return False
        self._known = password, ssh = fresh
        await self._database.use(password, ssh_secret=ssh)
        return True

    def saw(self, failure: Failure | None) -> None:
        """Learn from how a question ended."""
        self.is_up = failure is None or not failure.code.startswith(_OUT_OF_REACH)

    @property
    def connections(self) -> tuple[int, int]:
        """How many connections answer a question, and how many wait for one."""
        return self._database.connections if self._database is not None else (0, 0)

    def _ask(self) -> tuple[str | None, str | None]:
        password, ssh = self._secrets
        return password(), ssh() if self.profile.ssh_host else None

    async def retire(self) -> None:
        """Hang up once the questions under way have their answers."""
        await self._is_unasked.wait()
        await self.close()

    async def close(self) -> None:
        """Hang up."""
        if self._database is not None:
            await self._database.close()


class Sources:
    """The databases of one server, at least one, by the ids of their profiles.

    Args:
        sources: the databases at the start.
        news: returns, at once, the databases that became others since it was called last, by id;
            ``None`` for one that was removed.

    Attributes:
        version: how often something became other, for those who have to tell.
    """

    def __init__(self, sources: Sequence[Source], news: News = dict) -> None:
        self.version = 0
        self._by_id = {source.profile.id: source for source in sources}
        self._news = news
        self._retiring: dict[asyncio.Task[None], Source] = {}

    def __iter__(self) -> Iterator[Source]:
        return iter(self.only(None))

    def __len__(self) -> int:
        return len(self._by_id)  # removed ones too: what a tool takes does not change under a model

    def refresh(self) -> None:
        """Serve from now on what is saved now; called before each question."""
        for profile_id, subject in self._news().items():
            former = self._by_id[profile_id]
            if subject is None:
                former.is_removed = True
            else:
                self._by_id[profile_id] = source_of(subject)
            self._retire(former)
            self.version += 1

    def get(self, profile_id: str) -> Source:
        """Return the database with an id that was there at the start."""
        return self._by_id[profile_id]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids, in order."""
        return tuple(source.profile.id for source in self)

    def only(self, allowed: frozenset[str] | None) -> tuple[Source, ...]:
        """Return those a caller may ask; ``None`` means all."""
        return tuple(source for source in self._known(allowed) if not source.is_removed)

    def groups(self, allowed: frozenset[str] | None) -> frozenset[str]:
        """Return the groups of tools that those have."""
        return frozenset({"core", *(g for s in self.only(allowed) for g in s.profile.tools)})

    def of(self, name: str | None, allowed: frozenset[str] | None = None) -> Source:
        """Return the database called ``name`` (id or name); the only one when it is ``None``.

        Raises:
            TrunklineError: ``arguments.database`` with the names there are, ``profile.removed``, or
                ``access.denied``.
        """
        known, here = self._known(allowed), self.only(allowed)
        if not known:
            raise fail(
                "access.denied",
                "This access key opens no database here.",
                "Ask the administrator for another one.",
            )
        found = _called(name, known) if name is not None else here or known[:1]
        if len(found) != 1:
            raise _unknown(name, [source.profile.id for source in here])
        if found[0].is_removed:
            raise _removed(found[0].profile)
        return found[0]

    async def close(self) -> None:
        """Hang up everywhere."""
        retiring = dict(self._retiring)
        for task in retiring:
            task.cancel()
        open_ones = (*self, *retiring.values())
        await asyncio.gather(*(source.close() for source in open_ones))

    def _known(self, allowed: frozenset[str] | None) -> tuple[Source, ...]:
        return tuple(s for i, s in self._by_id.items() if allowed is None or i in allowed)

    def _retire(self, source: Source) -> None:
        task = asyncio.get_running_loop().create_task(source.retire())
        self._retiring[task] = source
        task.add_done_callback(self._retiring.pop)


def source_of(subject: Subject) -> Source:
    """Return the database of a subject, not connected yet."""
    return Source(subject.profile, subject.password, subject.ssh)


def _called(name: str, known: Sequence[Source]) -> Sequence[Source]:
    """Return the one that ``name`` means, if any; an id comes before the name of another."""
    by_id = [source for source in known if source.profile.id == name]
    by_name = [source for source in known if source.profile.name == name]
    return (by_id + by_name)[:1]


def _unknown(name: str | None, ids: Sequence[str]) -> TrunklineError:
    names = ", ".join(ids)
    if name is None:
        return fail("arguments.database", "Several databases are here.", f"Name one: {names}.")
    return fail("arguments.database", f"There is no database “{name}”.", f"There are: {names}.")


def _removed(profile: Profile) -> TrunklineError:
    return fail(
        "profile.removed",
        f"The database “{profile.name}” was removed from Trunkline.",
        "Take it out of this app's settings, or add it again in Trunkline and connect the app.",
    )


def warm_up() -> None:
    """Load what the first question needs, in the background."""
    threading.Thread(target=_load, name="warm up", daemon=True).start()


def _load() -> None:
    import trunkline_server.postgres.catalog
    import trunkline_server.postgres.database  # noqa: F401  loaded for the next who asks
