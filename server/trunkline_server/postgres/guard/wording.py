"""What the guard says: each refused kind of statement by its name, and what to write instead.

A refusal is read by a model: one sentence on what did not happen, one on what to send next.
"""

from __future__ import annotations

from typing import Any

from pglast import enums

from trunkline_server.errors import TrunklineError, fail

_SHOW = "Write a SELECT of what it would change, and show this statement to the person to run."
_DESIGN = "Tables are described by describe_table; show this statement to the person to run."
_RIGHTS = "Only an administrator can do this; show the statement to the person."
_FILE = "Send a SELECT: its rows are the answer."
_TRANSACTION = "Leave it out: every statement runs in a read-only transaction of its own."
_SESSION = (
    "Leave it out: name schemas in the statement, write times with AT TIME ZONE, cast values."
)
_PREPARED = "Send the SELECT itself, with the values of $1, $2 … in params."
_CURSOR = "Send the SELECT itself, with LIMIT or a WHERE on the key for the next rows."
_CODE = "Write what it would compute as one SELECT, with CTEs and CASE."
_UPKEEP = "Leave it to the administrator; EXPLAIN shows how a statement would run."
_WAITING = "Ask again later with the same SELECT: messages between sessions do not arrive here."

#: By the parser's word for a kind of statement: what people call it, and what to do instead.
_STATEMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    _SHOW: (
        ("InsertStmt", "INSERT"),
        ("UpdateStmt", "UPDATE"),
        ("DeleteStmt", "DELETE"),
        ("MergeStmt", "MERGE"),
        ("TruncateStmt", "TRUNCATE"),
    ),
    _FILE: (("CopyStmt", "COPY"),),
    _TRANSACTION: (
        ("TransactionStmt", "Transaction control"),
        ("ConstraintsSetStmt", "SET CONSTRAINTS"),
    ),
    _SESSION: (("VariableSetStmt", "SET"), ("DiscardStmt", "DISCARD")),
    _PREPARED: (
        ("PrepareStmt", "PREPARE"),
        ("ExecuteStmt", "EXECUTE"),
        ("DeallocateStmt", "DEALLOCATE"),
    ),
    _CURSOR: (
        ("DeclareCursorStmt", "DECLARE CURSOR"),
        ("FetchStmt", "FETCH"),
        ("ClosePortalStmt", "CLOSE"),
    ),
    _CODE: (
        ("DoStmt", "DO"),
        ("CallStmt", "CALL"),
        ("ReturnStmt", "RETURN"),
        ("PLAssignStmt", "An assignment"),
    ),
    _WAITING: (
        ("ListenStmt", "LISTEN"),
        ("UnlistenStmt", "UNLISTEN"),
        ("NotifyStmt", "NOTIFY"),
    ),
    "Leave it out: reading needs no lock of its own.": (("LockStmt", "LOCK"),),
    _UPKEEP: (
        ("VacuumStmt", "VACUUM or ANALYZE"),
        ("ClusterStmt", "CLUSTER"),
        ("ReindexStmt", "REINDEX"),
        ("CheckPointStmt", "CHECKPOINT"),
        ("RefreshMatViewStmt", "REFRESH MATERIALIZED VIEW"),
        ("LoadStmt", "LOAD"),
    ),
    _RIGHTS: (
        ("AlterDefaultPrivilegesStmt", "ALTER DEFAULT PRIVILEGES"),
        ("AlterOwnerStmt", "ALTER … OWNER"),
        ("AlterRoleSetStmt", "ALTER ROLE … SET"),
        ("AlterRoleStmt", "ALTER ROLE"),
        ("AlterSystemStmt", "ALTER SYSTEM"),
        ("AlterUserMappingStmt", "ALTER USER MAPPING"),
        ("CreateRoleStmt", "CREATE ROLE"),
        ("CreateUserMappingStmt", "CREATE USER MAPPING"),
        ("DropOwnedStmt", "DROP OWNED"),
        ("DropRoleStmt", "DROP ROLE"),
        ("DropUserMappingStmt", "DROP USER MAPPING"),
        ("GrantRoleStmt", "GRANT or REVOKE"),
        ("GrantStmt", "GRANT or REVOKE"),
        ("ReassignOwnedStmt", "REASSIGN OWNED"),
        ("SecLabelStmt", "SECURITY LABEL"),
    ),
    _DESIGN: (
        ("AlterTableStmt", "ALTER TABLE"),
        ("CommentStmt", "COMMENT"),
        ("CompositeTypeStmt", "CREATE TYPE"),
        ("CreateEnumStmt", "CREATE TYPE"),
        ("CreateRangeStmt", "CREATE TYPE"),
        ("CreateStmt", "CREATE TABLE"),
        ("CreateTableAsStmt", "CREATE TABLE AS"),
        ("CreatedbStmt", "CREATE DATABASE"),
        ("DefineStmt", "CREATE"),
        ("DropStmt", "DROP"),
        ("DropdbStmt", "DROP DATABASE"),
        ("ImportForeignSchemaStmt", "IMPORT FOREIGN SCHEMA"),
        ("IndexStmt", "CREATE INDEX"),
        ("RenameStmt", "ALTER … RENAME"),
        ("RuleStmt", "CREATE RULE"),
        ("ViewStmt", "CREATE VIEW"),
    ),
}
_BY_KIND = {kind: (word, hint) for hint, words in _STATEMENTS.items() for kind, word in words}


def refused(node: Any) -> TrunklineError:
    """Return the refusal of a statement that does more than read, anywhere in another one."""
    kind = type(node).__name__
    word, hint = _BY_KIND.get(kind, (_spelled(kind), _DESIGN))
    return fail(
        "guard.write",
        f"{_exactly(node) or word} is not allowed: this connection only reads."
        " Nothing was changed.",
        hint,
    )


def _spelled(kind: str) -> str:
    """Return the words in the parser's name for a statement, as in ``AlterDomainStmt``."""
    name = kind.removesuffix("Stmt")
    return "".join(f" {c}" if c.isupper() and i else c for i, c in enumerate(name)).upper()


def _exactly(node: Any) -> str:
    """Return the word that stands in the statement where one kind has several; "" otherwise."""
    kind = type(node).__name__
    if kind == "TransactionStmt" and node.kind is not None:
        name = enums.TransactionStmtKind(node.kind).name.removeprefix("TRANS_STMT_")
        return name.replace("_", " ")
    if kind == "VariableSetStmt" and node.name:
        verb = enums.VariableSetKind(node.kind).name
        return f"{'RESET' if 'RESET' in verb else 'SET'} {node.name}"
    return ""


def several(count: int) -> TrunklineError:
    """Return the refusal of several statements in one text."""
    return fail(
        "guard.one",
        f"Exactly one statement can run at a time, and these are {count}.",
        "Send them one by one; none of them ran.",
    )


def nothing() -> TrunklineError:
    """Return the refusal of a text without a statement."""
    return fail("guard.one", "There is no statement in this.", "Send one SELECT.")


def into() -> TrunklineError:
    """Return the refusal of ``SELECT … INTO``."""
    return fail(
        "guard.write",
        "SELECT INTO would create a table. Nothing was changed.",
        "Leave INTO out: the rows come back as the answer.",
    )


def row_lock() -> TrunklineError:
    """Return the refusal of ``FOR UPDATE`` and its kin."""
    return fail(
        "guard.lock",
        "FOR UPDATE and FOR SHARE lock rows. Nothing was locked.",
        "Leave the locking clause out.",
    )
