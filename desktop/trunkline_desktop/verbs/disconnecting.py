"""``disconnect``: an AI app's file loses our entry again, or every app's loses all of them."""

from __future__ import annotations

from argparse import Namespace
from contextlib import suppress

from trunkline_desktop.verbs import app_names, making, say
from trunkline_desktop.verbs.making import Done
from trunkline_server.clients import plan
from trunkline_server.clients.plan import Plan
from trunkline_server.clients.upkeep import removal
from trunkline_server.clients.writer import Applied
from trunkline_server.errors import EXIT_FAILED, TrunklineError, fail
from trunkline_server.profiles.profile import Profile
from trunkline_server.profiles.store import Store, exactly


def disconnect(options: Namespace) -> int:
    """Take the entry out of an AI app's file again; with ``--all`` every one that is meant."""
    if options.all:
        return _everywhere(options)
    if options.name is None or options.client is None:
        title = "Which database is to be taken out of which app?"
        raise fail("usage.disconnect", title, "Name it and its --client, or use --all.")
    app = app_names.called(options.client)
    profile = _saved_or_removed(options.name)
    done = making.carry_out(plan.disconnect(app, profile, path=making.path_of(options)), options)
    if options.json:
        say.as_json(done.document)
    return done.exit_code


def _everywhere(options: Namespace) -> int:
    """Change every file with an entry that is meant; a file that cannot be keeps no other."""
    if options.path is not None:
        title = "--all means every file, and --path names one."
        raise fail("usage.path", title, "Leave out one of the two.")
    told: list[Done] = []

    def apply(wanted: Plan) -> Applied:
        told.append(making.carry_out(wanted, options))
        return told[-1].applied

    _, failed = removal.take_out(*_meant(options), apply)
    failures = [failure for _, failure in failed]
    known = [done.trouble for done in told]  # which was said with the change
    for failure in failures:
        if failure not in known:
            say.note(str(failure))
    if options.json:
        documents = [done.document for done in told]
        say.as_json({"files": documents, "failed": [failure.as_json() for failure in failures]})
    elif not (told or failures):
        who = app_names.called(options.client).name if options.client else "no AI app"
        say.line(f"Nothing to change: {who} is {'not ' if options.client else ''}connected.")
    return EXIT_FAILED if failures else 0


def _meant(options: Namespace) -> tuple[tuple[Profile, ...], str | None]:
    """Return the databases and the app that are meant; None is every app."""
    client = app_names.called(options.client).id if options.client is not None else None
    if options.name is not None:
        return (_saved_or_removed(options.name),), client
    saved: tuple[Profile, ...] = ()
    with suppress(TrunklineError):  # a damaged list of databases keeps no entry in its place
        saved = Store().load()
    ids = {profile.id for profile in saved}
    return (*saved, *(gone for gone in removal.removed() if gone.id not in ids)), client


def _saved_or_removed(word: str) -> Profile:
    """Return the saved database, or one that was removed while an app has an entry for it.

    Raises:
        TrunklineError: ``profile.unknown`` or ``profile.ambiguous``.
    """
    removed = {gone.id: gone for gone in removal.removed()}
    exact = removed.get(word.removeprefix("id:"))
    try:
        found = Store().get(word)
    except TrunklineError as exc:
        if exc.code == "profile.unknown" and exact:
            return exact
        raise
    if exact and found.id != exact.id:
        title = f"“{word}” is the name of a database, and was the id of one that was removed."
        raise fail("profile.ambiguous", title, f"Say {exactly(found.id)} or {exactly(exact.id)}.")
    return found
