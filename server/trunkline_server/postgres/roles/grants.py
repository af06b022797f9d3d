"""The SQL of a login that reads what a profile shows and nothing else. Pure.

For an administrator to read and run, or for ``grant-sql --apply``; it names no password.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

ROLE = "trunkline_reader"
CONNECTIONS = 20

_PLAIN = (
    "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT "
    f"CONNECTION LIMIT {CONNECTIONS}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table or view as the reader may see it.

    Attributes:
        schema: its schema.
        name: its name.
        columns: those that may be read; ``None`` means all, also those added later.
    """

    schema: str
    name: str
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A login to be made, or brought up to date.

    Attributes:
        role: its name.
        database: where it may log in.
        exists: whether there is such a role already.
        schemas: those it may look into, in order.
        whole: the schemas of which everything is shown, so that one GRANT does.
        tables: what it may read in the other schemas.
        makers: ``(schema, role)`` of those whose later tables it may read too.
        others: the same for roles that this login cannot speak for.
        granted_before: tables it could read until now.
        revoked: schemas it could look into before and is to no more.
        left_out: ``(what, why)`` of what is shown but cannot be granted.
        timeout_s: seconds a statement may take.
        is_dba: whether it also watches the server (group dba).
        opens_public: whether everybody may create tables in the schema public.
    """

    role: str
    database: str
    exists: bool = False
    schemas: tuple[str, ...] = ()
    whole: frozenset[str] = frozenset()
    tables: tuple[Table, ...] = ()
    makers: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    granted_before: tuple[Table, ...] = ()
    revoked: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = field(default_factory=tuple)
    timeout_s: float = 30.0
    is_dba: bool = False
    opens_public: bool = False


def statements(reader: Reader) -> list[str]:
    """Return the statements in order; running them again changes nothing."""
    return [*_role(reader), *_cleared(reader), *_granted(reader), *_later(reader)]


def text(reader: Reader) -> str:
    """Return a script for psql: one transaction, then comments about what it cannot do."""
    lines = ["BEGIN;", *(f"{statement};" for statement in statements(reader)), "COMMIT;"]
    lines += [f"-- {remark}" for remark in remarks(reader)]
    return "\n".join(lines) + "\n"


def remarks(reader: Reader) -> list[str]:
    """Return what a careful administrator should know, one line each; comments cannot break out."""
    found = []
    if not reader.exists:
        found.append(f"Then set its password: \\password {_one_line(quoted(reader.role))}")
    found += [f"Left out: {_one_line(what)}: {why}." for what, why in reader.left_out]
    for schema, maker in reader.others:
        found.append(
            f"Tables {_one_line(quoted(maker))} makes later: as that role, run "
            f"{_one_line(_default(schema, None, reader.role))};"
        )
    if reader.opens_public:
        found.append(
            "Everybody may create tables in the schema public. It concerns other programs too: "
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC;"
        )
    if reader.is_dba:
        found.append(
            "The tools of the group dba see more with: "
            f"GRANT pg_monitor TO {_one_line(quoted(reader.role))};"
        )
    return found


def undo(reader: Reader) -> list[str]:
    """Return the statements that take a new role away again, with everything granted to it."""
    role = quoted(reader.role)
    lines = [f"REVOKE ALL ON ALL TABLES IN SCHEMA {quoted(s)} FROM {role}" for s in reader.schemas]
    lines += [f"REVOKE ALL ON SCHEMA {quoted(schema)} FROM {role}" for schema in reader.schemas]
    lines += [
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {quoted(maker)} IN SCHEMA {quoted(schema)} "
        f"REVOKE ALL ON TABLES FROM {role}"
        for schema, maker in reader.makers
    ]
    return [*lines, f"REVOKE ALL ON DATABASE {quoted(reader.database)} FROM {role}",
            f"DROP ROLE {role}"]  # fmt: skip


def _role(reader: Reader) -> Iterator[str]:
    role = quoted(reader.role)
    if reader.exists:
        yield f"ALTER ROLE {role} LOGIN NOINHERIT CONNECTION LIMIT {CONNECTIONS}"
    else:
        yield f"CREATE ROLE {role} {_PLAIN}"
    limit = max(1, round(reader.timeout_s * 1000))
    yield f"ALTER ROLE {role} SET default_transaction_read_only = on"
    yield f"ALTER ROLE {role} SET statement_timeout = '{limit}ms'"
    yield f"ALTER ROLE {role} SET idle_in_transaction_session_timeout = '{limit + 30_000}ms'"
    yield f"GRANT CONNECT ON DATABASE {quoted(reader.database)} TO {role}"


def _cleared(reader: Reader) -> Iterator[str]:
    """Take back what it had before: something may be hidden by now."""
    role = quoted(reader.role)
    if reader.granted_before:
        names = (f"{quoted(table.schema)}.{quoted(table.name)}" for table in reader.granted_before)
        yield f"REVOKE ALL ON {', '.join(names)} FROM {role}"
    for schema in reader.revoked:
        yield f"REVOKE ALL ON SCHEMA {quoted(schema)} FROM {role}"


def _granted(reader: Reader) -> Iterator[str]:
    role = quoted(reader.role)
    for schema in reader.schemas:
        yield f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {role}"
        if schema in reader.whole:
            yield f"GRANT SELECT ON ALL TABLES IN SCHEMA {quoted(schema)} TO {role}"
    for table in reader.tables:
        name = f"{quoted(table.schema)}.{quoted(table.name)}"
        if table.columns is None:
            yield f"GRANT SELECT ON {name} TO {role}"
        elif table.columns:
            yield f"GRANT SELECT ({', '.join(map(quoted, table.columns))}) ON {name} TO {role}"


def _later(reader: Reader) -> Iterator[str]:
    for schema, maker in reader.makers:
        yield _default(schema, maker, reader.role)


def _default(schema: str, maker: str | None, role: str) -> str:
    by = f"FOR ROLE {quoted(maker)} " if maker else ""
    return (
        f"ALTER DEFAULT PRIVILEGES {by}IN SCHEMA {quoted(schema)} "
        f"GRANT SELECT ON TABLES TO {quoted(role)}"
    )


def quoted(name: str) -> str:
    """Return ``name`` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _one_line(words: str) -> str:
    # A line end in a name would end the comment it stands in.
    return " ".join(words.split())
