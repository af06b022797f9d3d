"""What can be copied or opened for one AI app: a link, a command, its settings as a text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from trunkline_server.clients import entries, plan
from trunkline_server.clients.app import App
from trunkline_server.clients.computer import Computer
from trunkline_server.clients.exports.kinds import FORMS, Form
from trunkline_server.clients.target import Command
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile, Transport

_FORMATS = {"toml": "TOML", "yaml": "YAML", "yaml-list": "YAML"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One way to bring a database into an AI app by hand.

    Attributes:
        kind: a "link" to open, a "command" for the terminal, or a "text" to paste.
        title: what it is, as a label.
        content: the link, the line or the text; no token in it unless that was allowed.
    """

    kind: Form
    title: str
    content: str


def offers(app: App, profile: Profile, transport: Transport = "stdio") -> tuple[Offer, ...]:
    """Return everything that can be copied or opened for ``app``, the easiest first."""
    return tuple(_offered(app, profile, transport))


def content(
    app: App,
    profile: Profile,
    form: Form,
    *,
    transport: Transport = "stdio",
    may_write_token: bool = False,
) -> str:
    """Return the link, the command or the text with which ``app`` gets ``profile``.

    Raises:
        TrunklineError: ``client.by_hand`` (the app reaches nothing on this computer),
            ``client.link`` or ``client.command`` (it has no such thing), ``client.file`` (its
            token would be in a file that is not there), or those of ``entries.target``.
    """
    _require_near(app)
    target = entries.target(app, profile, profile.id, transport, may_write_token=may_write_token)
    if entries.bearer_by(app, transport, may_write_token=may_write_token) == "file":
        title = f"{app.name} reads the token from a file that is there only while it is connected."
        hint = (
            f"Connect it: trunkline connect {profile.id} --client {app.id} --transport {transport}"
        )
        raise fail("client.file", title, hint)
    if form == "link" and app.link:
        return app.link(target, app.entry(target))
    if form == "command" and app.command:
        words = app.command(target, app.entry(target))
        return Command(program=words[0], arguments=tuple(words[1:])).line(target.platform)
    if form == "text":
        return plan.fresh(app, profile, transport=transport, may_write_token=may_write_token)
    raise _lacking(app, form)


def forms(app: App) -> tuple[Form, ...]:
    """Return in which forms ``app`` can be given a database, the easiest first."""
    if not app.table:
        return ()
    has: dict[Form, bool] = {"link": bool(app.link), "command": bool(app.command), "text": True}
    return tuple(form for form in FORMS if has[form])


def _offered(app: App, profile: Profile, transport: Transport) -> Iterator[Offer]:
    for form in forms(app):
        with suppress(TrunklineError):  # not with this transport, or not without the token
            text = content(app, profile, form, transport=transport)
            yield Offer(kind=form, title=_title(app, form), content=text)


def _title(app: App, form: Form) -> str:
    if form == "link":
        return f"Link that opens {app.name}"
    if form == "command":
        place = "the Command Prompt" if Computer.here().platform == "win32" else "the terminal"
        return f"Command for {place}"
    return f"Settings of {app.name}, as {_FORMATS.get(app.format, 'JSON')}"


def _require_near(app: App) -> None:
    """Refuse an app that never reaches this computer."""
    if not app.table:
        hint = f"Run trunkline-server at a public address, with --tls-cert. {app.afterwards}"
        raise fail("client.by_hand", app.by_hand, hint)


def _lacking(app: App, form: Form) -> TrunklineError:
    has = " or ".join(f"--as {each}" for each in forms(app))
    what = "link that adds a server" if form == "link" else "command that adds a server"
    return fail(f"client.{form}", f"{app.name} has no {what}.", f"Take what it has: {has}.")
