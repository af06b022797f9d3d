"""The services that host PostgreSQL: how each is recognised, and what is special about it. Pure.

Who vouches for a server's certificate decides how it can be encrypted: an authority every
computer knows, the service's own authority (whose file has to be downloaded), or nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trunkline_server.profiles.profile import SslMode

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
        own_port: what to do about PostgreSQL's usual port, when it is never the right one.
        advice: next steps, each for failures whose code begins so; the first that fits counts.
    """

    name: str
    hosts: str
    vouching: Vouching
    sslmode: SslMode = "verify-full"
    authority: str = ""
    note: str = ""
    own_port: str = ""
    advice: tuple[tuple[str, str], ...] = ()


_AMAZON_CLOSED = (
    "Allow this computer in the security group of the instance, and check that it is publicly"
    " accessible, or go through SSH."
)
_GOOGLE_CLOSED = (
    "Add this computer's address to its authorised networks, or start the Cloud SQL Auth Proxy"
    " and connect to localhost."
)
_GOOGLE_NAMELESS = (
    "Many instances have a certificate without their name: “verify-ca” with server-ca.pem still"
    " checks who signed it."
)
_NEW_TIMESCALE = "A new service has a certificate of its own for half an hour: try later."
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
        advice=(("reach.filtered", _GOOGLE_CLOSED), ("tls.wrong_name", _GOOGLE_NAMELESS)),
    ),
    Provider(
        name="Timescale",
        hosts=r".+\.tsdb\.cloud\.(timescale|tigerdata)\.com",
        vouching="system",
        own_port="Its port is not 5432: copy it from the overview of the service.",
        advice=(
            ("tls.self_signed", _NEW_TIMESCALE),
            ("tls.unknown_ca", _NEW_TIMESCALE),
        ),
    ),
    Provider(
        name="Aiven",
        hosts=r".+\.(aivencloud|aiven)\.com",
        vouching="own",
        authority="Download the CA certificate (ca.pem) from the overview of the service",
        own_port="Its port is not 5432: copy it from the overview of the service.",
    ),
    Provider(
        name="Railway",
        hosts=r"(.+\.proxy\.rlwy\.net|.+\.railway\.app)",
        vouching="nobody",
        sslmode="require",
        own_port="Its port is not 5432: copy DATABASE_PUBLIC_URL from its variables.",
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
