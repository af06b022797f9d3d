"""The verb ``trunkline-server grant-sql``: the SQL of a reader, or the reader itself."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import Any

from trunkline_server import subjects
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.postgres.database import Database
from trunkline_server.postgres.roles import grant_apply, grants
from trunkline_server.postgres.roles.grant_apply import Proof, Way
from trunkline_server.postgres.roles.grant_facts import Facts, facts
from trunkline_server.postgres.roles.grants import Reader
from trunkline_server.profiles.profile import Profile
from trunkline_server.subjects import Subject


def run(given: Namespace) -> int:
    """Print the SQL, or apply it; returns the exit code 0.

    Raises:
        TrunklineError: ``usage.*``, ``grant.*``, ``profile.*``, ``secrets.*`` or why the database
            cannot be asked. Nothing is left half made.
    """
    _require_sense(given)
    subject = _subject(given)
    password = _given_password(given)
    return asyncio.run(_run(given, subject, password))


def _require_sense(given: Namespace) -> None:
    needs_apply = (given.save_as, given.show_password, given.password_stdin, given.new_password)
    if any(needs_apply) and not given.apply:
        raise fail(
            "usage.grant",
            "Only --apply makes a login; without it the SQL is printed, without a password.",
            "Add --apply, or leave the password's options out.",
        )


def _subject(given: Namespace) -> Subject:
    if given.profile:
        subject = subjects.saved(given.profile)
    elif given.url:
        subject = subjects.from_url(given.url)
    else:
        subject = subjects.from_surroundings(os.environ, Path.cwd())
    if subject.profile.sample:
        raise fail(
            "grant.sample",
            "The sample database needs no reader: it is yours alone.",
            "Name another profile.",
        )
    return subject


def _given_password(given: Namespace) -> str | None:
    if not given.password_stdin:
        return None
    password = sys.stdin.readline().rstrip("\r\n")
    grant_apply.verifier(password)  # refuses what cannot be one, before anything is done
    return password


async def _run(given: Namespace, subject: Subject, password: str | None) -> int:
    profile, secret, ssh = subject.profile, subject.password(), subject.ssh()
    schemas = [name.strip() for name in given.schemas.split(",") if name.strip()]
    database = Database(profile, secret, ssh_secret=ssh)
    try:
        found = await facts(database, given.role, schemas)
    finally:
        await database.close()
    if not given.apply:
        _print_sql(found.reader, as_json=given.json)
        return 0
    tunnel = _tunnel(profile, ssh)
    try:
        way = Way(profile=profile, password=secret, tunnel=tunnel)
        await _apply(given, found, way, password, ssh)
    finally:
        if tunnel is not None:
            await tunnel.close()
    return 0


def _tunnel(profile: Profile, ssh: str | None) -> Any:
    if not profile.ssh_host:
        return None
    from trunkline_server.postgres.tunnel import Tunnel  # asyncssh: few profiles need it

    return Tunnel(profile, ssh)


async def _apply(
    given: Namespace, found: Facts, way: Way, password: str | None, ssh: str | None
) -> None:
    reader = found.reader
    _require_may(given, found, password)
    if given.save_as:
        _require_room(given.save_as, way.profile)
    is_kept = reader.exists and password is None and not given.new_password
    chosen = None if is_kept else password or _generated()
    proofs = await grant_apply.apply(way, reader, chosen)
    if given.save_as and chosen is not None:
        await _save(given.save_as, way, reader, (chosen, ssh))
    shown = chosen if given.show_password and password is None else None
    _tell(given, reader, proofs, shown)


def _require_may(given: Namespace, found: Facts, password: str | None) -> None:
    reader = found.reader
    if found.is_standby:
        raise fail(
            "grant.standby",
            "This server is a standby and takes no changes.",
            "Make the reader on its primary.",
        )
    if not found.makes_roles:
        raise fail(
            "grant.rights",
            f"The login “{found.login}” may not create logins. Nothing was changed.",
            "Let an administrator run what grant-sql prints without --apply.",
        )
    has_place = given.save_as or given.show_password or password is not None
    if not has_place and (not reader.exists or given.new_password):
        raise fail(
            "usage.grant",
            "The new login gets a password, and nobody would know it.",
            "Add --save-as NAME (keyring), --show-password, or --password-stdin.",
        )
    if given.save_as and reader.exists and password is None and not given.new_password:
        raise fail(
            "grant.password",
            f"The role “{reader.role}” exists already, and its password is not known.",
            "Give it with --password-stdin, or replace it with --new-password.",
        )


def _require_room(name: str, profile: Profile) -> None:
    """Find out before anything is made whether the profile and its secret can be kept."""
    from trunkline_server.profiles import secrets, store
    from trunkline_server.profiles.profile import problems

    saved = store.Store().load()
    wrong = problems(_new_profile(name, profile, grants.ROLE, saved), saved)
    if wrong:
        raise fail("profile.invalid", wrong[0].message, "", f"field: {wrong[0].field}")
    secrets.get("trunkline-try")


def _new_profile(name: str, profile: Profile, role: str, saved: tuple[Profile, ...]) -> Profile:
    from trunkline_server.profiles.profile import slug

    return replace(profile, id=slug(name, [other.id for other in saved]), name=name, user=role,
                   http_port=0, switched_on=False)  # fmt: skip


async def _save(name: str, way: Way, reader: Reader, kept_secrets: tuple[str, str | None]) -> None:
    from trunkline_server.clients import owned
    from trunkline_server.profiles import saving, store

    kept, (password, ssh) = store.Store(), kept_secrets
    new = _new_profile(name, way.profile, reader.role, kept.load())
    try:
        saving.add(kept, new, password, ssh_secret=ssh, avoid=owned.databases())
    except TrunklineError as exc:
        if reader.exists:
            raise
        await grant_apply.take_back(way, reader)
        words = exc.failure
        title = f"{words.title} The role “{reader.role}” was taken away again."
        raise fail(words.code, title, words.hint, words.detail) from exc


def _generated() -> str:
    from secrets import token_urlsafe

    return token_urlsafe(24)


def _print_sql(reader: Reader, *, as_json: bool) -> None:
    if not as_json:
        sys.stdout.write(grants.text(reader))
        return
    document = {"role": reader.role, "exists": reader.exists, "applied": False,
                "sql": grants.statements(reader), "remarks": grants.remarks(reader)}  # fmt: skip
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def _tell(given: Namespace, reader: Reader, proofs: list[Proof], password: str | None) -> None:
    remarks = [r for r in grants.remarks(reader) if not r.startswith("Then set its password")]
    if given.json:
        document: dict[str, Any] = {
            "role": reader.role, "exists": reader.exists, "applied": True,
            "proved": [proof.what for proof in proofs], "remarks": remarks,
        }  # fmt: skip
        document |= {"saved_as": given.save_as} if given.save_as else {}
        document |= {"password": password} if password else {}
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        return
    verb = "was there already and is up to date" if reader.exists else "can log in and only reads"
    lines = [f"The login “{reader.role}” {verb}.", *(f"✓ {proof.what}" for proof in proofs)]
    if not proofs:
        lines.append("Its password stays as it was, so nobody logged in to try it.")
    lines += remarks
    if given.save_as:
        lines.append(f"It is saved as “{given.save_as}”; the password is in the keyring.")
    if password:
        lines.append(f"Password, shown this once: {password}")
    sys.stdout.write("\n".join(lines) + "\n")
