"""From what the network or the server answered to the failure of a stage. Pure: opens nothing."""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass

from trunkline_server.errors import Failure, TrunklineError, explain
from trunkline_server.postgres.check.probe import Place
from trunkline_server.profiles.profile import Profile

Words = tuple[str, str, str]

_RESOLVE: dict[int | None, Words] = {
    socket.EAI_NONAME: (
        "resolve.unknown",
        "No server has the name “{host}”.",
        "Check the spelling, or whether you need the company network.",
    ),
    socket.EAI_AGAIN: (
        "resolve.temporary",
        "The name “{host}” could not be looked up just now.",
        "Check that this computer is online, then check again.",
    ),
}
_NO_ADDRESS: Words = (
    "resolve.no_address",
    "The name “{host}” exists but has no address.",
    "Ask the administrator for the server's current name.",
)
# Some systems have no such number, others the same one as for an unknown name.
_RESOLVE = {getattr(socket, "EAI_NODATA", socket.EAI_NONAME): _NO_ADDRESS} | _RESOLVE
_RESOLVE_OTHER: Words = (
    "resolve.failed",
    "Looking up the name “{host}” failed.",
    "Check the network settings of this computer, or use the server's address.",
)

_REACH: dict[int | None, Words] = {
    errno.ECONNREFUSED: (
        "reach.refused",
        "Nothing is listening on {host}, port {port}.",
        "Check the port and that PostgreSQL is running.",
    ),
    errno.ENETUNREACH: (
        "reach.no_route",
        "This computer has no way to {host}.",
        "Connect to the network or VPN the server is in.",
    ),
    errno.EACCES: (
        "reach.blocked",
        "This computer forbids connections to {host}, port {port}.",
        "Its own firewall may block Trunkline; allow it there.",
    ),
}
_REACH[errno.EHOSTUNREACH] = _REACH[errno.ENETUNREACH]
_REACH[errno.EADDRNOTAVAIL] = _REACH[errno.ENETUNREACH]
_REACH[errno.EPERM] = _REACH[errno.EACCES]
_FILTERED: Words = (
    "reach.filtered",
    "Nothing answers at {host}, port {port}.",
    "A firewall may block this computer; ask your administrator to allow it.",
)

_SOCKET: dict[int | None, Words] = {
    errno.ENOENT: (
        "reach.no_socket",
        "No server has a socket with number {port} in {host}.",
        "Check the folder and the port, and that PostgreSQL is running.",
    ),
    errno.ECONNREFUSED: (
        "reach.stale_socket",
        "The server that left its socket in {host} is not running.",
        "Start PostgreSQL.",
    ),
    errno.EACCES: (
        "reach.socket_denied",
        "You may not use the server's socket in {host}.",
        "Use localhost as the server, or ask the administrator for access to this folder.",
    ),
}
_SOCKET[errno.ENOTDIR] = _SOCKET[errno.ENOENT]
_SOCKET[errno.EPERM] = _SOCKET[errno.EACCES]

# X509_V_ERR_*: https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
_UNTRUSTED: dict[int, Words] = {
    9: (
        "tls.not_yet_valid",
        "The server's certificate is not valid yet.",
        "Check the date of this computer; otherwise tell the administrator.",
    ),
    10: (
        "tls.expired",
        "The server's certificate has expired.",
        "Ask the administrator to renew it, and check the date of this computer.",
    ),
    18: (
        "tls.self_signed",
        "The server vouches for itself; nobody you trust does.",
        "Ask the administrator for its certificate and choose it as the certificate authority.",
    ),
    20: (
        "tls.unknown_ca",
        "The server's certificate is signed by someone this computer does not trust.",
        "Ask the administrator for the file of that certificate authority and choose it.",
    ),
    62: (
        "tls.wrong_name",
        "The server's certificate is not for “{host}”.",
        "Use the name it is made for, or ask the administrator for a new one.",
    ),
}
_UNTRUSTED |= {19: _UNTRUSTED[20], 21: _UNTRUSTED[20], 2: _UNTRUSTED[20], 64: _UNTRUSTED[62]}
_UNTRUSTED_OTHER: Words = (
    "tls.untrusted",
    "The server's certificate could not be trusted.",
    "Show the details to the administrator.",
)

_TOO_OLD: Words = (
    "tls.too_old",
    "The server only offers an outdated encryption.",
    "Ask the administrator to switch on TLS 1.2 or newer.",
)
_CLIENT_CERT_REQUIRED: Words = (
    "tls.client_cert_required",
    "The server wants a certificate from you.",
    "Choose your certificate and its key in the encryption settings.",
)
_CLIENT_CERT_REFUSED: Words = (
    "tls.client_cert_refused",
    "The server does not accept your certificate.",
    "Ask the administrator for one that the server trusts.",
)
# OpenSSL's own reason codes, not its sentences.
_HANDSHAKE: dict[str, Words] = {
    "UNSUPPORTED_PROTOCOL": _TOO_OLD,
    "TLSV1_ALERT_PROTOCOL_VERSION": _TOO_OLD,
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _CLIENT_CERT_REQUIRED,
    "TLSV1_ALERT_UNKNOWN_CA": _CLIENT_CERT_REFUSED,
    "SSLV3_ALERT_BAD_CERTIFICATE": _CLIENT_CERT_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": _CLIENT_CERT_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_REVOKED": _CLIENT_CERT_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _CLIENT_CERT_REFUSED,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _CLIENT_CERT_REFUSED,
}
_HANDSHAKE_OTHER: Words = (
    "tls.failed",
    "The encrypted connection to {host} could not be made.",
    "Ask the administrator whether the server speaks TLS 1.2 or newer.",
)
TLS_REFUSED: Words = (
    "tls.refused",
    "The server offers no encryption. Your data would be readable on the way.",
    "Choose another server, or set encryption to “prefer” if you accept that.",
)

_MISSING_PASSWORD: Words = (
    "login.password_missing",
    "The server wants a password and none is saved.",
    "Enter the password, then check again.",
)
_METHOD: Words = (
    "login.method",
    "The server wants a login by {method}, which Trunkline does not have.",
    "Ask the administrator for a user with a password (scram-sha-256).",
)
_LOGIN_TIMEOUT: Words = (
    "login.timeout",
    "The server was reached but did not finish the login in time.",
    "Try again; if it stays so, allow more time to connect.",
)
_LOGIN_CLOSED: Words = (
    "login.closed",
    "The server hung up during the login.",
    "Try again; if it stays so, show the details to the administrator.",
)
_STARTING: Words = (
    "login.starting_up",
    "The server is starting up or recovering.",
    "Try again in a few seconds.",
)
_STOPPING: Words = (
    "login.shutting_down",
    "The server is shutting down.",
    "Try again when it is back.",
)
_PARAMETER: Words = (
    "login.parameter",
    "The server or the pooler before it refuses a setting Trunkline sends.",
    "In pgbouncer, add the setting named in the details to ignore_startup_parameters.",
)
TLS_REQUIRED: Words = (
    "login.tls_required",
    "The server lets “{user}” in only with encryption.",
    "Set encryption to “require” or stricter.",
)
TLS_UNWANTED: Words = (
    "login.tls_unwanted",
    "The server lets “{user}” in only without encryption.",
    "Ask the administrator for a hostssl entry in pg_hba.conf, or set encryption to “disable”.",
)
NOT_ALLOWED: Words = (
    "login.not_allowed",
    "The server does not let “{user}” into “{database}” from this computer.",
    "Ask the administrator for an entry in pg_hba.conf for this user, database and address.",
)

# By SQLSTATE and, where one state means several things, by the error's field R: the function in
# PostgreSQL's source that raised it. Both are in the protocol; neither is ever translated.
_ANY = ""
_SERVER: dict[tuple[str, str], Words] = {
    ("28P01", _ANY): (
        "login.password",
        "The server refused this login.",
        "The password or the user “{user}” is not right. Upper and lower case letters differ.",
    ),
    ("28000", "InitializeSessionUserId"): (
        "login.role",
        "The server has no login “{user}”, or does not let it log in.",
        "Check the name; a role made for a group has no login of its own.",
    ),
    ("28000", "auth_failed"): (
        "login.refused",
        "The server refused this login.",
        "It checks “{user}” by other means than its own password list; ask the administrator how.",
    ),
    ("28000", _ANY): NOT_ALLOWED,
    ("53300", "InitializeSessionUserId"): (
        "login.too_many_for_user",
        "The user “{user}” has no free connection left.",
        "Close other programs that log in as this user, or ask for a higher limit.",
    ),
    ("53300", "CheckMyDatabase"): (
        "database.too_many",
        "The database “{database}” has no free connection left.",
        "Close other programs that use it, or ask for a higher limit.",
    ),
    ("53300", _ANY): (
        "login.too_many",
        "The server has no free connection left.",
        "Close other programs that use it, or try again in a minute.",
    ),
    ("3D000", _ANY): (
        "database.unknown",
        "There is no database “{database}” on {host}.",
        "Check the name; upper and lower case letters count as different.",
    ),
    ("55000", _ANY): (
        "database.closed",
        "The database “{database}” accepts no connections.",
        "It is switched off or a template; choose another, or ask the administrator.",
    ),
    ("42501", "CheckMyDatabase"): (
        "database.denied",
        "The user “{user}” may not connect to the database “{database}”.",
        "Ask the administrator to run GRANT CONNECT for this user.",
    ),
    ("57P01", _ANY): _STOPPING,
    ("57P03", _ANY): _STARTING,
    ("42704", _ANY): _PARAMETER,
    ("22023", _ANY): _PARAMETER,
}

# A pooler has no field R and, as pgbouncer does, uses 08P01 for almost everything: here only its
# English sentences tell the cases apart. None of them is translated by pgbouncer either.
_POOLER_SAYS: tuple[tuple[str, Words], ...] = (
    ("no such database", _SERVER["3D000", _ANY]),
    ("no such user", _SERVER["28P01", _ANY]),
    ("password authentication failed", _SERVER["28P01", _ANY]),
    ("SASL authentication failed", _SERVER["28P01", _ANY]),
    ("unsupported startup parameter", _PARAMETER),
    ("no more connections allowed", _SERVER["53300", _ANY]),
    ("shut down", _STOPPING),
    ("database does not allow connections", _SERVER["55000", _ANY]),
)
_POOLER: Words = (
    "login.pooler",
    "The connection pooler before the server refused the connection.",
    "Show the details to the administrator.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerError:
    """The fields of an error the server sent that decide what it means."""

    sqlstate: str
    routine: str = ""
    message: str = ""


def said(words: Words, detail: str = "", **place: object) -> Failure:
    """Return the failure of ``words`` with its blanks filled from ``place``."""
    code, title, hint = words
    return Failure(
        code=code,
        title=title.format_map(place),
        hint=hint.format_map(place),
        detail=detail[:2000],
    )


def resolving(exc: BaseException, host: str) -> Failure:
    """Return why ``host`` has no address."""
    if isinstance(exc, TrunklineError):
        return exc.failure
    if isinstance(exc, UnicodeError):
        return said(_RESOLVE[socket.EAI_NONAME], str(exc), host=host)
    if isinstance(exc, TimeoutError):
        return said(_RESOLVE[socket.EAI_AGAIN], str(exc), host=host)
    number = exc.errno if isinstance(exc, OSError) else None
    return said(_RESOLVE.get(number, _RESOLVE_OTHER), str(exc), host=host)


def reaching(exc: BaseException, place: Place) -> Failure:
    """Return why no PostgreSQL answers at ``place``."""
    blanks = {"host": place.host, "port": place.port}
    number = exc.errno if isinstance(exc, OSError) else None
    table = _SOCKET if place.is_socket else _REACH
    if number is not None and number in table:
        return said(table[number], str(exc), **blanks)
    if isinstance(exc, TimeoutError):
        return said(_FILTERED, str(exc), **blanks)
    return explain(exc, **blanks)


def encrypting(exc: BaseException, place: Place) -> Failure:
    """Return why the connection to ``place`` could not be encrypted."""
    if isinstance(exc, TrunklineError):
        return exc.failure
    if isinstance(exc, ssl.SSLCertVerificationError):
        words = _UNTRUSTED.get(exc.verify_code, _UNTRUSTED_OTHER)
    elif isinstance(exc, ssl.SSLError):
        words = _HANDSHAKE.get(exc.reason, _HANDSHAKE_OTHER)
    else:
        words = _HANDSHAKE_OTHER
    return said(words, str(exc), host=place.host)


def server_error(exc: BaseException) -> ServerError | None:
    """Return what the server said, looking through our own wrapping; ``None`` if it said nothing.

    Class 08 without a routine and without 08P01 is the driver speaking of a broken connection.
    """
    found: BaseException | None = exc
    while found is not None:
        state = getattr(found, "sqlstate", None)
        routine = getattr(found, "server_source_function", None) or ""
        if state and not (state.startswith("08") and state != "08P01" and not routine):
            message = getattr(found, "message", None) or str(found)
            return ServerError(sqlstate=state, routine=routine, message=message)
        found = found.__cause__
    return None


def entering(error: ServerError, profile: Profile, password: str | None) -> Failure:
    """Return why the server did not let this login into this database."""
    words = _words(error)
    is_missing = words is _SERVER["28P01", _ANY] and not password
    return said(_MISSING_PASSWORD if is_missing else words, error.message, **_blanks(profile))


def _words(error: ServerError) -> Words:
    if error.sqlstate == "08P01" and not error.routine:
        said_by_pooler = (w for sentence, w in _POOLER_SAYS if sentence in error.message)
        return next(said_by_pooler, _POOLER)
    if error.sqlstate == "57P03" and "shutting down" in error.message:
        # The state and the routine of starting and stopping are the same; only English tells.
        return _STOPPING
    if error.sqlstate == "28000" and "client certificate" in error.message:
        # Same state and routine as a missing pg_hba.conf entry; only English tells.
        return _CLIENT_CERT_REQUIRED
    exact = _SERVER.get((error.sqlstate, error.routine))
    return exact or _SERVER.get((error.sqlstate, _ANY), _LOGIN_OTHER)


_LOGIN_OTHER: Words = (
    "login.failed",
    "The server ended the login with an error.",
    "Show the details to the administrator.",
)


def missing_password(profile: Profile) -> Failure:
    """Return the failure of a server that asks for the password we do not have."""
    return said(_MISSING_PASSWORD, "", **_blanks(profile))


def unknown_method(method: str, profile: Profile) -> Failure:
    """Return the failure of a login method Trunkline does not have."""
    return said(_METHOD, "", method=method, **_blanks(profile))


def wrong_kind(profile: Profile) -> Failure:
    """Return the failure of hosts of which none is what ``target_session_attrs`` asks for."""
    return Failure(
        code="login.wrong_kind",
        title="The server let you in, but is not of the kind you ask for"
        f" ({profile.target_session_attrs}).",
        hint="Choose “any” as the kind of server, or add the host of another one.",
    )


def breaking_off(exc: BaseException, profile: Profile) -> Failure:
    """Return why a login ended without a word from the server."""
    if isinstance(exc, TrunklineError):
        return exc.failure
    words = _LOGIN_TIMEOUT if isinstance(exc, TimeoutError) else _LOGIN_CLOSED
    return said(words, str(exc), **_blanks(profile))


def admitting(words: Words, error: ServerError, profile: Profile) -> Failure:
    """Return the failure of ``TLS_REQUIRED``, ``TLS_UNWANTED`` or ``NOT_ALLOWED``."""
    return said(words, error.message, **_blanks(profile))


def _blanks(profile: Profile) -> dict[str, object]:
    return {f: getattr(profile, f) for f in ("host", "port", "database", "user")}


_POOLER_STATEMENT: Words = (
    "database.pooler",
    "The connection pooler before the server does not allow transactions.",
    "Ask the administrator for pool_mode = transaction or session, or connect past the pooler.",
)
_POOLER_PREPARED: Words = (
    "database.pooler_prepared",
    "The connection pooler before the server mixes up prepared statements.",
    "Ask the administrator to set max_prepared_statements, or connect past the pooler.",
)
_SLOW: Words = (
    "database.slow",
    "The server let you in but does not answer questions in time.",
    "Try again when it is less busy, or allow more time to connect.",
)
_BROKE: Words = (
    "database.broke",
    "The connection broke while Trunkline looked at the database.",
    "Try again; if it stays so, show the details to the administrator.",
)
_NO_USAGE: Words = (
    "rights.no_schema",
    "The user “{user}” may not look into any schema of “{database}” that has tables.",
    "Ask the administrator to run GRANT USAGE ON SCHEMA and GRANT SELECT for this user.",
)
_NO_SELECT: Words = (
    "rights.no_tables",
    "The user “{user}” may read no table of “{database}”.",
    "Ask the administrator to run GRANT SELECT ON ALL TABLES IN SCHEMA for this user.",
)
_ASKING: dict[str, Words] = {
    "08P01": _POOLER_STATEMENT,
    "26000": _POOLER_PREPARED,
    "42P05": _POOLER_PREPARED,
    "57P01": _STOPPING,
    "57014": _SLOW,
}


def asking(error: ServerError | None, exc: BaseException, profile: Profile) -> Failure:
    """Return why a simple question after the login got no answer."""
    if error is not None and error.sqlstate in _ASKING:
        return said(_ASKING[error.sqlstate], error.message, **_blanks(profile))
    if isinstance(exc, TimeoutError):
        return said(_SLOW, str(exc), **_blanks(profile))
    return said(_BROKE, error.message if error else str(exc), **_blanks(profile))


def no_rights(profile: Profile, *, has_usage: bool) -> Failure:
    """Return the failure of a login that can read nothing."""
    return said(_NO_SELECT if has_usage else _NO_USAGE, "", **_blanks(profile))


def too_old(major: int, oldest: int) -> Failure:
    """Return the failure of a server that is older than Trunkline supports."""
    return Failure(
        code="database.too_old",
        title=f"This server runs PostgreSQL {major}; Trunkline needs {oldest} or newer.",
        hint="Ask the administrator to upgrade it, or use another server.",
    )
