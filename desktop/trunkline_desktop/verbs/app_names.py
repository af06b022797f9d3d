"""Which AI app a person means, and how one is given what its settings file does not hold."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from trunkline_desktop.verbs import say
from trunkline_server.clients import apps, entries
from trunkline_server.clients.app import App
from trunkline_server.clients.exports import offers
from trunkline_server.errors import TrunklineError, fail
from trunkline_server.profiles.profile import Profile, Transport


def called(client: str, *, also: Iterable[str] = ()) -> App:
    """Return the app of an id or a name; ``also`` are further words that may have been meant.

    Raises:
        TrunklineError: ``client.unknown``.
    """
    wanted = client.casefold()
    for app in (*apps.ALL.values(), *apps.BY_HAND.values()):
        if wanted in {app.id, app.name.casefold()}:
            return app
    known = (*apps.ALL, *apps.BY_HAND, *also)
    near = get_close_matches(wanted, known, n=1)
    hint = f"Did you mean “{near[0]}”?" if near else f"There is: {', '.join(known)}."
    raise fail("client.unknown", f"There is no AI app “{client}”.", hint)


def token(
    app: App, profile: Profile, transport: Transport, *, may_write_token: bool = False
) -> str:
    """Return how to see the token that the person gives to ``app``, as a sentence; or ""."""
    if entries.bearer_by(app, transport, may_write_token=may_write_token) in {"input", "variable"}:
        return f"See the token: {say.typed(f'token --profile {profile.id}', 'trunkline-server')}"
    return ""


def by_hand(app: App, name: str) -> TrunklineError:
    """Return why the settings of ``app`` are not edited and what to do, to be raised."""
    way = how(app, name)
    return fail("client.by_hand", app.by_hand, f"{way} {app.afterwards}" if way else app.afterwards)


def how(app: App, name: str = "NAME") -> str:
    """Return how to get what such an app takes, as a sentence; "" when it takes nothing."""
    forms = offers.forms(app)
    more = f" --as {forms[0]}" if forms and forms[0] != "text" else ""
    return f"Run: {say.typed(f'export {name} --client {app.id}{more}')}." if forms else ""
