"""Which AI app a person means, and how one is given a database whose settings are not edited."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from trunkline_desktop.verbs import say
from trunkline_server.clients import apps
from trunkline_server.clients.app import App
from trunkline_server.clients.exports import offers
from trunkline_server.errors import TrunklineError, fail


def called(client: str, *, also: Iterable[str] = ()) -> App:
    """Return the app of an id; ``also`` are further words that may have been meant.

    Raises:
        TrunklineError: ``client.unknown``.
    """
    if app := apps.ALL.get(client) or apps.BY_HAND.get(client):
        return app
    known = (*apps.ALL, *apps.BY_HAND, *also)
    near = get_close_matches(client.lower(), known, n=1)
    hint = f"Did you mean “{near[0]}”?" if near else f"There is: {', '.join(known)}."
    raise fail("client.unknown", f"There is no AI app “{client}”.", hint)


def by_hand(app: App, name: str) -> TrunklineError:
    """Return why the settings of ``app`` are not edited and what to do, to be raised."""
    way = how(app, name)
    return fail("client.by_hand", app.by_hand, f"{way} {app.afterwards}" if way else app.afterwards)


def how(app: App, name: str = "NAME") -> str:
    """Return how to get what such an app takes, as a sentence; "" when it takes nothing."""
    forms = offers.forms(app)
    more = f" --as {forms[0]}" if forms and forms[0] != "text" else ""
    return f"Run: {say.typed(f'export {name} --client {app.id}{more}')}." if forms else ""
