"""Services that host PostgreSQL: recognised by host name, with what is special about each. Pure.

Who vouches for a server's certificate decides how it can be encrypted: an authority every
computer knows, the service's own authority (whose file has to be downloaded), or nobody.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from trunkline_server.profiles.profile import Profile, SslMode

Vouching = Literal["system", "own", "nobody"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One service.

    Attributes:
        name: what people call it.
        hosts: a regular expression for the whole host name, in lower case.
        vouching: who vouches for its certificates.
        sslmode: the strictest encryption that can work.
        authority: for ``own``, where to get the authority's file: an order to the reader.
        note: a sentence worth knowing before the first try, or "".
        advice: next steps, each for failures whose code begins so; the first that fits counts.
    """

    name: str
    hosts: str
    vouching: Vouching
    sslmode: SslMode = "verify-full"
    authority: str = ""
    note: str = ""
    advice: tuple[tuple[str, str], ...] = ()


_AMAZON_CLOSED = (
    "Allow this computer in the security group of the instance, and check that it is publicly"
    " accessible, or go through SSH."
)
_GOOGLE_CLOSED = (
    "Add this computer's address to its authorised networks, or start the Cloud SQL Auth Proxy"
    " and connect to localhost."
)
_STALE = "It changes user and password from time to time: copy the connection string again."

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        name="Supabase",
        hosts=r"(db\.[a-z0-9]+\.supabase\.(co|red)|.+\.pooler\.supabase\.com)",
        vouching="own",
        authority="Download the certificate in its dashboard under Database Settings, SSL"
        " Configuration",
        advice=(
            ("resolve.", "Its direct address has IPv6 only: copy the session pooler's string."),
            (
                "reach.no_route",
                "Its direct address has IPv6 only: copy the session pooler's string.",
            ),
        ),
    ),
    Provider(
        name="Neon",
        hosts=r".+\.neon\.tech",
        vouching="system",
        advice=(
            ("login.timeout", "A database that sleeps takes a moment to wake up: try again."),
            ("login.failed", "Copy the host again: its first part names the endpoint."),
        ),
    ),
    Provider(
        # Before Amazon RDS: it names the proxies of that service.
        name="Amazon RDS Proxy",
        hosts=r".+\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(\.cn)?",
        vouching="system",
        advice=(("reach.filtered", "A proxy answers inside its own network only: use a tunnel."),),
    ),
    Provider(
        name="Amazon RDS or Aurora",
        hosts=r".+\.rds\.amazonaws\.com(\.cn)?",
        vouching="own",
        authority="Download https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
        advice=(("reach.filtered", _AMAZON_CLOSED),),
    ),
    Provider(
        name="Heroku Postgres",
        hosts=r"ec2-[0-9-]+\.([a-z0-9-]+\.)?compute(-1)?\.amazonaws\.com",
        vouching="nobody",
        sslmode="require",
        advice=(("login.", _STALE), ("database.unknown", _STALE), ("resolve.", _STALE)),
    ),
    Provider(
        name="Azure Database for PostgreSQL",
        hosts=r".+\.(postgres\.database\.(azure\.com|usgovcloudapi\.net|chinacloudapi\.cn)"
        r"|postgres\.cosmos\.azure\.com)",
        vouching="system",
        advice=(
            ("reach.filtered", "Add this computer's address to its firewall rules: Networking."),
            ("login.not_allowed", "Add this computer's address to its firewall rules: Networking."),
        ),
    ),
    Provider(
        name="Google Cloud SQL",
        hosts=r".+\.sql(-psa)?\.goog",
        vouching="own",
        authority="Download server-ca.pem in its console under Connections, Security",
        advice=(("reach.filtered", _GOOGLE_CLOSED),),
    ),
    Provider(
        name="Timescale",
        hosts=r".+\.tsdb\.cloud\.(timescale|tigerdata)\.com",
        vouching="system",
        advice=(
            ("tls.", "A new service has a certificate of its own for half an hour: try later."),
            ("reach.", "Its port is not 5432: copy it from the overview of the service."),
        ),
    ),
    Provider(
        name="Aiven",
        hosts=r".+\.(aivencloud|aiven)\.com",
        vouching="own",
        authority="Download the CA certificate (ca.pem) from the overview of the service",
        advice=(("reach.", "Its port is not 5432: copy it from the overview of the service."),),
    ),
    Provider(
        name="Railway",
        hosts=r"(.+\.proxy\.rlwy\.net|.+\.railway\.app)",
        vouching="nobody",
        sslmode="require",
        advice=(("reach.", "Its port is not 5432: copy DATABASE_PUBLIC_URL from its variables."),),
    ),
    Provider(
        name="Railway's private network",
        hosts=r".+\.railway\.internal",
        vouching="nobody",
        sslmode="prefer",
        note="This name works inside Railway only; elsewhere use DATABASE_PUBLIC_URL.",
        advice=(
            ("resolve.", "This name works inside Railway only: copy DATABASE_PUBLIC_URL instead."),
        ),
    ),
    Provider(
        name="Render",
        hosts=r".+\.[a-z]+-postgres\.render\.com",
        vouching="system",
        advice=(
            ("reach.", "Allow this computer's address in its dashboard under Networking."),
            ("login.closed", "Allow this computer's address in its dashboard under Networking."),
        ),
    ),
    Provider(
        name="Render's private network",
        hosts=r"dpg-[a-z0-9]+-[a-z]",
        vouching="nobody",
        sslmode="prefer",
        note="This name works inside Render only; elsewhere use the external database URL.",
        advice=(
            ("resolve.", "This name works inside Render only: copy the external database URL."),
        ),
    ),
)

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
