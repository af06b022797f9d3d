"""Words the pages share: labels, states, stages, times and numbers, in the person's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from trunkline_server import stages


def _tr(text: str) -> str:
    return QCoreApplication.translate("words", text)


def encryption(sslmode: str) -> str:
    """Return what a libpq ``sslmode`` means, in a word or two."""
    words = {
        "disable": _tr("Off"),
        "allow": _tr("Only if the server insists"),
        "prefer": _tr("If the server offers it"),
        "require": _tr("Required"),
        "verify-ca": _tr("Required, certificate checked"),
        "verify-full": _tr("Required, certificate and name checked"),
    }
    return words.get(sslmode, sslmode)


def stage(name: str, port: int | None) -> str:
    """Return the words of one row of the check; ``port`` is ``None`` for a Unix socket."""
    is_socket = port is None and name == "reach"
    told = stages.SOCKET_TITLE if is_socket else stages.TITLES[name]
    return QCoreApplication.translate("stages", told).format(port=port)


def outcome(value: str) -> str:
    """Return the word for how a question ended."""
    words = {
        "ok": _tr("Done"),
        "refused": _tr("Refused"),
        "failed": _tr("Failed"),
        "cancelled": _tr("Stopped"),
    }
    return words.get(value, value)


def clock(at: float) -> str:
    """Return the local time of day of ``at``, seconds since 1970, as this locale writes it."""
    when = QDateTime.fromSecsSinceEpoch(int(at))
    return QLocale().toString(when.time(), QLocale.FormatType.ShortFormat)


def moment(at: float) -> str:
    """Return the local time of ``at``, with its day when that is not today."""
    day = QDateTime.fromSecsSinceEpoch(int(at)).date()
    if day == QDateTime.currentDateTime().date():
        return clock(at)
    return f"{QLocale().toString(day, QLocale.FormatType.ShortFormat)}, {clock(at)}"


def clock_with_seconds(at: float) -> str:
    """Return the local time of day of ``at`` with seconds."""
    return QDateTime.fromSecsSinceEpoch(int(at)).toString("HH:mm:ss")


def duration(ms: float) -> str:
    """Return a duration in milliseconds below a second, in seconds above."""
    locale = QLocale()
    if ms >= 1000:
        return _tr("{seconds} s").format(seconds=locale.toString(ms / 1000, "f", 1))
    return _tr("{ms} ms").format(ms=number(round(ms)))


def number(value: int) -> str:
    """Return a whole number as this locale writes it."""
    return QLocale().toString(value)


def rows(count: int) -> str:
    """Return how many rows an answer had."""
    one = _tr("1 row")
    return one if count == 1 else _tr("{count} rows").format(count=number(count))
