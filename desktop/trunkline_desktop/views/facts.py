"""What the pages are told about AI apps, and what they tell back; plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trunkline_server.profiles.profile import Transport

AppState = Literal["connected", "waiting", "ready", "missing", "broken", "gone", "by hand"]
Need = Literal["", "restart", "restart running", "start"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One settings file of an app.

    Attributes:
        path: where it is, or would be.
        name: what the app calls its user of this file, such as "Work"; "" for the usual file.
        ways: how the app reaches each database that the file names, by profile id.
    """

    path: str
    name: str = ""
    ways: Mapping[str, Transport] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFacts:
    """One AI app on this computer.

    Attributes:
        id: its id in ``clients.apps.ALL``.
        name: what people call it.
        monogram: two letters, never its logo.
        state: "connected" (it has asked), "waiting" (its file names us, it has not asked yet),
            "ready" (installed, nothing of ours in its file), "missing" (not installed), "broken"
            (its file cannot be read), "gone" (another program took our entry out) or "by hand" (its
            settings are not edited here).
        seen_at: when it last asked, in seconds since 1970; 0 for never.
        files: its settings files, the usual one first.
        can: how it can reach a database.
        gone: ids of the profiles whose entries were taken out.
        need: what a waiting app needs before it makes contact; "" when nothing.
        barrier: what the person does there so that it uses our entry, which it leaves alone; "".
        runs: whether it runs now and would write its file back from memory.
        can_quit: whether it can be quit for the person, who otherwise has to.
        has_bundle: whether a bundle is offered for it.
    """

    id: str
    name: str
    monogram: str
    state: AppState = "ready"
    seen_at: float = 0.0
    files: tuple[FileFacts, ...] = (FileFacts(path=""),)
    can: tuple[Transport, ...] = ("stdio",)
    gone: tuple[str, ...] = ()
    need: Need = "restart"
    barrier: str = ""
    runs: bool = False
    can_quit: bool = True
    has_bundle: bool = False

    @property
    def databases(self) -> tuple[str, ...]:
        """The ids of the profiles that its files name."""
        return tuple(dict.fromkeys(name for file in self.files for name in file.ways))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the person chose for an app.

    Attributes:
        app_id: the app.
        path: the settings file.
        ways: how it is to reach each database that it may ask, by profile id.
        kept: the ids among them whose way is the one it has already.
        may_write_token: whether an access token may stand in the file.
    """

    app_id: str
    path: str
    ways: Mapping[str, Transport] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    may_write_token: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What a choice would change in a settings file.

    Attributes:
        diff: the change; "" when the file stays as it is.
        afterwards: what to do once the file has changed; one sentence.
        warning: what to know of the access token; "" when nothing.
        tokens: ids of the profiles whose token the person has to give to the app.
        offers_token: whether the token could stand in the file, if the person allows it.
    """

    diff: str = ""
    afterwards: str = ""
    warning: str = ""
    tokens: tuple[str, ...] = ()
    offers_token: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HandChoice:
    """What the person wants to bring into an app by hand.

    Attributes:
        app_id: the app.
        profile_id: the database; "" when there is none.
        way: how the app is to reach it.
    """

    app_id: str
    profile_id: str
    way: Transport = "stdio"
