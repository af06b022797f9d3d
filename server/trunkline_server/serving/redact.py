"""Secrets in text that is written down: found by their form and masked. Opens nothing."""

from __future__ import annotations

import re

MASK = "***"

_NAME = (
    r"(?:pass(?:word|wd|phrase)?|pwd|pgpassword|secret|client_secret|api[_-]?key|access[_-]?key"
    r"|(?:access|refresh|id|auth|bearer)[_-]?token|token|sslpassword|private[_-]?key)"
)
# A value in quotes may hold blanks and, doubled or after a backslash, its own quote.
_QUOTED = r"""(?:'(?:[^'\\]|''|\\.){0,1000}'?|"(?:[^"\\]|\\.){0,1000}"?)"""

_KEY = (
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,10000}?"
    r"(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)"
)
# What gives each form away, in small letters: a look for it is far cheaper than the form.
_FORMS = (
    # scheme://user:password@host; a password may hold an @, a host may not
    (("://",), r"(\b[a-z][a-z0-9+.-]{1,30}://[^\s:/@]{0,200}:)[^\s\"]{1,500}@", rf"\1{MASK}@"),
    (
        ("authorization",),
        r"(\bauthorization\b[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|digest)\s+)?)[^\s\"',]{3,}",
        rf"\1{MASK}",
    ),
    (("bearer", "basic"), r"(\b(?:bearer|basic)\s+)[a-z0-9._~+/=-]{8,}", rf"\1{MASK}"),
    # password=…, "password": "…", and PASSWORD '…' of ALTER ROLE
    (
        ("pass", "pwd", "secret", "token", "api", "access", "private"),
        rf"""({_NAME}["']?\s*[:=]\s*)(?!\$\d)(?:{_QUOTED}|[^\s'"&;,)}}\]]+)""",
        rf"\1{MASK}",
    ),
    (("password",), rf"(\bpassword\s+(?:E|U&)?){_QUOTED}", rf"\1{MASK}"),
    # a signed token stands out wherever it is
    (("eyj",), r"\beyJ[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]*", MASK),
    (("private key-",), _KEY, MASK),
)

_IN_QUOTES = r"“[^”]{0,2000}”|\"[^\"]{0,2000}\"|'[^']{0,2000}'"


def masked(text: str) -> str:
    """Return ``text`` with passwords, tokens and keys replaced by ``***``."""
    lowered = text.lower()
    for signs, form, mask in _FORMS:
        if any(sign in lowered for sign in signs):
            text = re.sub(form, mask, text, flags=re.IGNORECASE)
    return text


def unquoted(text: str) -> str:
    """Return ``text`` with everything in quotes left out, as names and values stand in quotes."""
    return re.sub(_IN_QUOTES, "“…”", text)
