"""What is told of a column, and which values a WHERE can name. Pure, but for the pieces of SQL."""

from __future__ import annotations

import re
from typing import Any

from trunkline_server.postgres.catalog.fitting import cut, without_blanks

_MAX_VALUES = 60
_MAX_COMMON = 10
_LONGEST_VALUE = 40
_MAX_DISTINCT = 100

#: The columns of the CTE ``columns`` of relation ``me`` as a JSON list; see ``describing``.
COLUMNS = f"""SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', a.attname, 'type', CASE WHEN $3 OR NOT EXISTS (SELECT FROM pg_catalog.pg_type e
        WHERE e.oid = ANY (ARRAY[t.oid, t.typelem]) AND e.typtype = 'c')
      THEN pg_catalog.format_type(a.atttypid, a.atttypmod) ELSE 'composite' END,
    'not_null', a.attnotnull, 'identity', a.attidentity <> '', 'generated', a.attgenerated <> '',
    'default', CASE WHEN a.attgenerated = '' OR NOT EXISTS (SELECT FROM unseen)
      THEN pg_catalog.left(pg_catalog.pg_get_expr(d.adbin, d.adrelid), 400) END,
    'comment', pg_catalog.left(pg_catalog.col_description(a.attrelid, a.attnum), 1000),
    'base', CASE WHEN t.typtype = 'd'
      THEN pg_catalog.format_type(t.typbasetype, t.typtypmod) END,
    'domain_checks', CASE WHEN t.typtype = 'd' THEN (
      SELECT pg_catalog.json_agg(pg_catalog.pg_get_constraintdef(k.oid, true))
      FROM pg_catalog.pg_constraint k
      WHERE k.conrelid = 0 AND k.contypid = t.oid AND k.contype = 'c') END,
    'labels', (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM (
        SELECT e.enumlabel, e.enumsortorder FROM pg_catalog.pg_enum e
        WHERE e.enumtypid = ANY (ARRAY[t.oid, t.typelem, t.typbasetype])
        ORDER BY e.enumsortorder LIMIT {_MAX_VALUES + 1}) e),
    'distinct', s.n_distinct, 'common', CASE WHEN t.typcategory = 'S'
      AND s.most_common_vals IS NOT NULL
      THEN pg_catalog.to_json(s.most_common_vals::pg_catalog.text::pg_catalog.text[]) END)
    ORDER BY a.attnum)
  FROM columns a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = me.nspname AND s.tablename = me.relname
    AND s.attname = a.attname AND s.inherited = (me.relkind = 'p')"""

#: The names of key columns as a JSON list, in order: fill in the relation and the numbers.
NAMES = """SELECT pg_catalog.json_agg(a.attname ORDER BY u.place)
  FROM ROWS FROM (pg_catalog.unnest(%s)) WITH ORDINALITY u(num, place)
  JOIN pg_catalog.pg_attribute a ON a.attnum = u.num AND a.attrelid = %s"""

# Words of names whose values no one should meet by chance; ``pass`` alone can be a ticket.
_SECRET = re.compile(
    r"passw|passphrase|pwd|secret|token|credential|api_?key|private|salt|hash|signature|otp|"
    r"ssn|social_?sec|national_?id|tax_?id|passport|iban|bic$|account_?n|card|cvv|cvc|pin(_|$)|"
    r"security|birth|dob|phone|mobile|e_?mail|address|street|first_?name|last_?name|surname|"
    r"full_?name|diagnos|salary",
    re.IGNORECASE,
)

_TEXT = r"'((?:[^']|'')*)'(?:::(?:text|character varying|character|bpchar|\"char\")(?:\(\d+\))?)?"
_LIST = re.compile(
    r"CHECK \(\(*(?P<column>VALUE|[\w$]+|\"(?:[^\"]|\"\")+\")\)*(?:::[\w ]+)?\)* "
    rf"= ANY \(\(*ARRAY\[(?P<items>{_TEXT}(?:, {_TEXT})*)\]\)*(?:::[\w ]+\[\])?\)*"
)


def lists_of(checks: list[dict[str, Any]]) -> tuple[dict[str, list[str]], list[str]]:
    """Return the columns whose CHECK lists every value, with them, and the other checks' texts."""
    listed: dict[str, list[str]] = {}
    others = []
    for check in checks:
        values = values_of(check["definition"])
        if values and len(check["columns"] or []) == 1 and check["columns"][0] not in listed:
            listed[check["columns"][0]] = values
        else:
            others.append(cut(_condition(check["definition"])))
    return listed, others


def _condition(check: str) -> str:
    if check.startswith("CHECK (") and check.endswith(")"):
        return check[len("CHECK (") : -1]
    return check


def values_of(check: str) -> list[str]:
    """Return the texts a check allows when it only lists them; [] for any other check."""
    match = _LIST.fullmatch(check)
    if match is None:
        return []
    return [text.replace("''", "'") for text in re.findall(_TEXT, match["items"])]


def is_secret(name: str) -> bool:
    """Whether a column's name says that its values are nobody's business."""
    return _SECRET.search(name) is not None


def column_of(
    column: dict[str, Any], listed: dict[str, list[str]], sampled_rows: float | None
) -> dict[str, Any]:
    """Return what is told of one of :data:`COLUMNS`.

    ``listed`` is of :func:`lists_of`; ``sampled_rows`` is how many rows statistics speak of, None
    when nothing of them may be told.
    """
    base = column["base"]
    values = column["labels"] or listed.get(column["name"]) or _of_domain(column)
    entry = {
        "name": column["name"],
        "type": f"{column['type']} ({base})" if base else column["type"],
        "nullable": False if column["not_null"] else None,
        "default": _default(column),
        "comment": cut(column["comment"] or ""),
        "values": values if len(values) <= _MAX_VALUES else [*values[:_MAX_VALUES], "…"],
        "common_values": None if values else _common(column, sampled_rows),
    }
    return without_blanks(entry)


def _of_domain(column: dict[str, Any]) -> list[str]:
    return next((v for c in column["domain_checks"] or [] if (v := values_of(c))), [])


def _default(column: dict[str, Any]) -> str:
    if column["identity"]:
        return "identity"
    text = cut(column["default"] or "")
    return f"generated: {text}".strip() if column["generated"] else text


def _common(column: dict[str, Any], rows: float | None) -> list[str]:
    """Return samples of a column with few, short values; PostgreSQL lists the commonest first."""
    values = column["common"] or []
    if rows is None or not values or is_secret(column["name"]):
        return []
    # Below zero it is a share of the rows.
    share = column["distinct"] or 0
    distinct = share if share > 0 else -share * rows
    if distinct > _MAX_DISTINCT or max(map(len, values)) > _LONGEST_VALUE:
        return []
    return values[:_MAX_COMMON]
