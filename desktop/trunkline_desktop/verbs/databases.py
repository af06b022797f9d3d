"""``add, list, show, edit`` and ``remove``: the saved databases."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from trunkline_desktop.verbs import followers, runs, say
from trunkline_server.clients import owned
from trunkline_server.errors import fail
from trunkline_server.profiles import providers, saving
from trunkline_server.profiles.profile import Profile, is_moved, problems, slug
from trunkline_server.profiles.store import Store, exactly

_UNITS = {"connect_timeout": "s", "statement_timeout": "s", "max_bytes": "bytes"}
_NOT_OF_THE_SAMPLE = ("host", "port", "sslmode", "target_session_attrs")
_FIXED_IN_THE_SAMPLE = (*_NOT_OF_THE_SAMPLE, "database", "user", "sslrootcert", "sslcert", "sslkey",
                        "ssh_host", "ssh_port", "ssh_user", "ssh_key", "ssh_jump")  # fmt: skip

FIELDS = ("host", "port", "database", "user", "sslmode", "sslrootcert", "sslcert", "sslkey",
          "label", "description", "statement_timeout", "max_rows", "max_bytes", "transport",
          "http_port", "schemas", "hidden", "notes", "tools",
          "ssh_host", "ssh_port", "ssh_user", "ssh_key", "ssh_jump")  # fmt: skip
_OPTIONS = {"hidden": "--hide", "notes": "--note"}


def add(options: Namespace) -> int:
    """Save a new database and its password."""
    profile, password, is_said = _described(options)
    profile = _changed(profile, _given(options))
    if options.sslmode is None and not is_said:
        mode = providers.sslmode_for(profile.host, ssh_host=profile.ssh_host)
        profile = replace(profile, sslmode=mode)
    store = Store()
    taken = {*(other.id for other in store.load()), *owned.databases()}
    if profile.id in taken:  # a new one never replaces another, in no app's settings either
        profile = replace(profile, id=slug(profile.name, taken))
    _require_possible(profile, store, "Choose another: trunkline add NAME …")
    password = _password(options, password, profile)
    saved = saving.add(
        store, profile, password, ssh_secret=_ssh_secret(options), avoid=owned.databases()
    )
    if options.json:
        say.as_json(saved.as_json())
        return 0
    say.line(f"Saved “{saved.name}”: {_address(saved)}.")
    say.line(f"Next: {say.typed(f'check {saved.id}')}")
    return 0


def list_all(options: Namespace) -> int:
    """List the saved databases."""
    profiles = Store().load()
    if options.json:
        say.as_json([profile.as_json() for profile in profiles])
    elif not profiles:
        add = say.typed("add NAME --url postgresql://…")
        say.line(f"No database is saved yet. Add one: {add}")
    else:
        rows = [(p.name, p.id, _address(p), p.label, p.transport) for p in profiles]
        say.table(("NAME", "ID", "ADDRESS", "LABEL", "TRANSPORT"), rows)
    return 0


def show(options: Namespace) -> int:
    """Show everything saved about a database, except its secrets."""
    profile = Store().get(options.name)
    if options.json:
        say.as_json(profile.as_json())
    else:
        say.pairs([(name.replace("_", " "), value) for name, value in _shown(profile)])
    return 0


def edit(options: Namespace) -> int:
    """Change some fields of a database, or its password."""
    store = Store()
    profile = store.get(options.name)
    changes = _given(options) | ({} if options.rename is None else {"name": options.rename})
    password = _from_input() if options.password_stdin else None
    if options.ask_password:
        password = _asked(profile)
    ssh_secret = _ssh_secret(options)
    if not changes and password is None and ssh_secret is None:
        raise fail("usage.nothing", "Nothing to change was named.", "See: trunkline edit --help")
    wanted = _changed(profile, changes)
    if profile.ssh_host and not wanted.ssh_host:
        ssh_secret = ""  # of no use to anybody any more
    _require_possible(wanted, store, "See --rename.")
    with followers.told(profile, wanted) as followed:
        saved = saving.update(store, wanted, password, ssh_secret=ssh_secret)
    if options.json:
        say.as_json(saved.as_json() | followers.as_json(followed))
        return 0
    say.line(f"Saved “{saved.name}”: {_address(saved)}.")
    for applied in followed:
        say.line(followers.sentence(applied, profile))
    if is_moved(profile, saved) and runs.is_running(saved):
        say.line("Next: start its server again; until then it answers where it did.")
    return 0


def _changed(profile: Profile, changes: dict[str, Any]) -> Profile:
    """Return ``profile`` with other values; refuses those that mean nothing to the sample."""
    fixed = [field for field in changes if field in _FIXED_IN_THE_SAMPLE]
    if profile.sample and fixed:
        option = f"--{fixed[0].replace('_', '-')}"
        title = f"The sample database has a place and a login of its own: {option} changes nothing."
        raise fail("usage.sample", title, f"Leave out {option}.")
    return replace(profile, **changes)


def remove(options: Namespace) -> int:
    """Forget a database and its secrets."""
    store = Store()
    profile = store.get(options.name)
    if runs.is_running(profile):
        title = f"The server of “{profile.name}” is running; AI apps may be asking it."
        raise fail("run.running", title, "Stop it, then remove it again.")
    still = followers.of(profile)
    saving.remove(store, profile)
    if options.json:
        say.as_json({"removed": profile.id, "still_in": [app.id for app in still]})
        return 0
    say.line(f"Removed “{profile.name}” and its password.")
    if still:
        names = ", ".join(app.name for app in still)
        take_out = say.typed(f"disconnect {exactly(profile.id)} --all")
        say.line(f"It is still in the settings of {names}. Take it out: {take_out}")
    return 0


def _described(options: Namespace) -> tuple[Profile, str | None, bool]:
    """Return the profile of a link, an .env file, the sample or nothing but the name.

    With it its password, and whether it says how to encrypt.
    """
    if options.sample:
        from trunkline_server import sample

        return replace(sample.profile(), name=options.name), sample.password(), True
    text = options.url or ""
    if options.env_file:
        text = _text_of(Path(options.env_file))
    if not text:
        return Profile(id=slug(options.name), name=options.name), None, False
    from trunkline_server.profiles import dsn

    parsed = dsn.parse(text)
    for sentence in parsed.notes:
        say.note(f"Note: {sentence}")
    if parsed.password and options.url:
        say.note("Warning: other users of this computer could read the password in --url, and your "
                 "shell may remember it. Prefer --password-stdin.")  # fmt: skip
    is_said = "sslmode" in parsed.fields.keys() - parsed.assumed
    return parsed.profile(options.name), parsed.password, is_said


def _given(options: Namespace) -> dict[str, Any]:
    named = {field: getattr(options, field) for field in FIELDS}
    return {field: _value(value) for field, value in named.items() if value is not None}


def _value(value: Any) -> Any:
    """Return a list of options as a profile keeps it: without the empty one that empties it."""
    return tuple(filter(None, value)) if isinstance(value, list) else value


def _password(options: Namespace, found: str | None, profile: Profile) -> str | None:
    if options.password_stdin:
        return _from_input()
    if found is not None or not sys.stdin.isatty():
        return found
    return _asked(profile)


def _ssh_secret(options: Namespace) -> str | None:
    return _from_input() if options.ssh_password_stdin else None


def _from_input() -> str:
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError as exc:
        raise fail("usage.password", "The password on standard input is not UTF-8 text.",
                   "Save it as UTF-8, then pipe it in again.") from exc  # fmt: skip
    if not line:
        raise fail("usage.password", "No password arrived on standard input.",
                   "Pipe it in, or leave out --password-stdin.")  # fmt: skip
    return line.rstrip("\r\n")


def _asked(profile: Profile) -> str:
    return getpass.getpass(f"Password of {profile.user} on {profile.host} (empty for none): ")


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as exc:
        raise fail("usage.env_file", f"The file {file} cannot be read.", "Check its path.") from exc


def _address(profile: Profile) -> str:
    if profile.sample:
        return "embedded sample database"
    return f"{profile.user}@{profile.host}:{profile.port}/{profile.database}"


def _require_possible(profile: Profile, store: Store, name_hint: str) -> None:
    for problem in problems(profile, store.load()):
        hint = "Correct the connection string."
        if problem.field in {"id", "name"}:
            hint = name_hint
        elif problem.field in FIELDS:
            option = f"--{problem.field.replace('_', '-')}"
            hint = f"See {_OPTIONS.get(problem.field, option)}."
        raise fail("profile.invalid", problem.message, hint)


def _shown(profile: Profile) -> Iterator[tuple[str, object]]:
    """Yield what a person may want to know, with units; the sample's address changes each time."""
    hidden = _NOT_OF_THE_SAMPLE if profile.sample else ()
    for name, value in profile.as_json().items():
        if name not in hidden:
            yield name, _plain(value, _UNITS.get(name, ""))


def _plain(value: object, unit: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if unit and isinstance(value, int | float):
        return f"{int(value) if value == int(value) else value} {unit}"
    return str(value)
