"""How to encrypt when nobody says, and what to tell about a service that hosts PostgreSQL. Pure."""

from __future__ import annotations

import ipaddress
import re

from trunkline_server.profiles.profile import Profile, SslMode
from trunkline_server.profiles.services import PROVIDERS, Provider

USUAL_PORT = 5432

_BELIEVES_ANY = "With “require” the connection is encrypted, but any server would be believed."
_LOCAL_NAMES = (".localhost", ".local", ".lan", ".internal", ".home.arpa", ".intranet", ".test")


def of(host: str) -> Provider | None:
    """Return the service ``host`` belongs to, if it is a known one."""
    name = host.strip().rstrip(".").lower()
    return next((p for p in PROVIDERS if re.fullmatch(p.hosts, name)), None)


def is_local(host: str) -> bool:
    """Say whether ``host`` is this computer or in a private network.

    That is a Unix socket, an address nobody routes, a name without a dot, or one that ends as
    private names do. Certificates for such servers are rare, and strangers in between too.
    """
    name = host.strip().rstrip(".").lower()
    if not name or name.startswith(("/", "@")):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_private
    except ValueError:
        return "." not in name or name.endswith(_LOCAL_NAMES)


def sslmode_for(host: str, *, ssh_host: str = "") -> SslMode:
    """Return how to encrypt a new profile whose owner did not say.

    The certificate and its name are checked (``verify-full``), unless the server is local, is
    reached through SSH, or is a service's for whose certificates nobody vouches.
    """
    if ssh_host:
        return "prefer"
    if provider := of(host):
        return provider.sslmode
    return "prefer" if is_local(host) else "verify-full"


def notes_on(profile: Profile) -> tuple[str, ...]:
    """Return what to tell a person who pasted the address of a known service."""
    provider = of(profile.host)
    if provider is None:
        return ()
    told = [f"Looks like {provider.name}: {_encryption(provider)}", provider.note]
    return (" ".join(filter(None, told)), *_quirks(profile))


def _encryption(provider: Provider) -> str:
    if provider.vouching == "system":
        return "its certificate can be checked by every computer."
    if provider.vouching == "own":
        return f"its certificate is signed by an authority of its own. {provider.authority}."
    return "nobody vouches for its certificate, so it cannot be checked."


def _quirks(profile: Profile) -> tuple[str, ...]:
    """Return what this very address and user give reason to say."""
    host = profile.host.lower()
    if host.endswith(".pooler.supabase.com"):
        mode = "transaction" if profile.port == 6543 else "session"
        found = [f"This is its pooler in {mode} mode."]
        if "." not in profile.user:
            found.append(_SUPABASE_USER)
        return tuple(found)
    if host.endswith(".neon.tech") and "-pooler." in host:
        return ("This is its pooler.",)
    if host.endswith(".postgres.database.azure.com") and "@" in profile.user:
        return (_AZURE_USER,)
    return ()


_SUPABASE_USER = (
    "Behind its pooler the user is “postgres.” and the reference of the project, such as"
    " postgres.abcdefghijklmnopqrst."
)
_AZURE_USER = "A flexible server wants the user without “@” and the server's name."


def next_step(code: str, profile: Profile) -> str:
    """Return what to do about a failure at a known service; "" when nothing special is known."""
    provider = of(profile.host)
    if provider is None:
        return _next_step_anywhere(code, profile)
    if code.startswith("login.") and (quirk := _login_quirk(profile)):
        return quirk
    if code.startswith("reach.") and profile.port == USUAL_PORT and provider.own_port:
        return provider.own_port
    for beginning, step in provider.advice:
        if code.startswith(beginning):
            return step
    return _about_certificate(provider) if code in _UNTRUSTED else ""


_UNTRUSTED = ("tls.self_signed", "tls.unknown_ca", "tls.untrusted")


def _login_quirk(profile: Profile) -> str:
    return next((q for q in _quirks(profile) if q in {_SUPABASE_USER, _AZURE_USER}), "")


def _about_certificate(provider: Provider) -> str:
    if provider.vouching == "own":
        step = f"{provider.authority} and choose it as the certificate authority."
        return f"{step} {_BELIEVES_ANY}"
    if provider.vouching == "nobody":
        return f"Nobody vouches for its certificates. {_BELIEVES_ANY}"
    return (
        "Its certificates are trusted everywhere: a company's network may stand in between, or"
        " this computer lacks updates."
    )


def _next_step_anywhere(code: str, profile: Profile) -> str:
    if code in _UNTRUSTED:
        return (
            "Ask the administrator for the file of its certificate authority and choose it."
            f" {_BELIEVES_ANY}"
        )
    if code == "tls.wrong_name" and _is_address(profile.host):
        return (
            "Certificates rarely hold an address: use the server's name, or “verify-ca” with the"
            " file of its certificate authority."
        )
    return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
