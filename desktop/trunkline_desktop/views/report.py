"""What a person may send to the administrator about a failed check: no secret in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

from trunkline_desktop.models.check import Row
from trunkline_desktop.views import words
from trunkline_server.errors import Failure
from trunkline_server.profiles.profile import Profile


def for_administrator(profile: Profile, rows: Iterable[Row], failure: Failure, stage: str) -> str:
    """Return plain text: where Trunkline connects to, how far it came and what stopped it."""
    lines = [_tr("Trunkline could not connect to a PostgreSQL database."), ""]
    lines += _place(profile)
    port = None if profile.is_socket else profile.port
    lines += ["", *(_settled(row, port) for row in rows if row.state == "done")]
    name = words.stage(stage, port) if stage else _tr("The check")
    lines.append(f"✗ {name}: {failure}")
    if failure.detail:
        lines += ["", _tr("In the words of the other side: {text}").format(text=failure.detail)]
    return "\n".join(lines) + "\n"


def _place(profile: Profile) -> list[str]:
    tunnel = _tr("Through SSH: {host}").format(host=profile.ssh_host)
    return [
        _tr("Server: {host}, port {port}").format(host=profile.host, port=profile.port),
        *([tunnel] if profile.ssh_host else []),
        _tr("Database: {name}").format(name=profile.database),
        _tr("User: {name}").format(name=profile.user),
        _tr("Encryption: {mode}").format(mode=profile.sslmode),
    ]


def _settled(row: Row, port: int | None) -> str:
    end = ", ".join(part for part in (row.note, words.duration(row.ms)) if part)
    return f"✓ {words.stage(row.stage, port)} ({end})"


def _tr(text: str) -> str:
    return QCoreApplication.translate("report", text)
