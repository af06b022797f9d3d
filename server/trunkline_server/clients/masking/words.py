"""Which words announce a secret, which look like one by themselves, and where in a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]

# How the keys of well-known services begin.
_FORMS = r"""
    (?<![A-Za-z0-9])(?:
      sk-[\w-]{6,} | [rsp]k_(?:live|test)_\w+ | whsec_\w+ | sk_\w{16,}
    | gh[opsur]_\w{4,} | github_pat_\w+ | gl(?:pat|rt|cbt|ptt|dt)-[\w.-]+ | ATATT\w+ | ATCTT\w+
    | xox[a-z]-[\w-]+ | xapp-[\w-]+ | hooks\.slack\.com/services/[\w/]+
    | (?:AKIA|ASIA)[A-Z0-9]{6,} | AIza[\w-]{10,} | ya29\.[\w.-]+ | GOCSPX-[\w-]+
    | eyJ[\w-]{4,}(?:\.[\w-]*)* | hf_\w{8,} | npm_\w{8,} | pypi-[\w-]{8,} | SG\.[\w.-]{8,}
    | gsk_\w{8,} | xai-[\w-]{8,} | pplx-\w{8,} | tvly-[\w-]{8,} | r8_\w{8,} | fc-[a-f0-9]{16,}
    | do[opr]_v1_\w+ | lin_api_\w+ | ntn_\w{8,} | sbp_\w{8,} | sb_secret_\w+
    | shp(?:at|ss|ca|pa)_\w+
    | secret_[A-Za-z0-9]{16,} | PMAK-[\w-]+ | NRAK-\w+ | dapi[a-f0-9]{16,} | hv[sbr]\.[\w-]{8,}
    | AGE-SECRET-KEY-\w+ | (?:figd|glsa|pscale_\w+?|nvapi|phc|phx)[_-][\w-]{8,}
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----.*
    )"""
_USER = r"""(?<=://)(?:[^\s"'/:@]*:(?P<password>[^\s"'/]+)|(?P<user>[\w.~%-]{16,}))(?=@)"""
_CLEAR = re.compile(f"{_FORMS}|{_USER}", re.VERBOSE)
_VALUE = r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s"',;&)\]}]+)"""
_SCHEME = r"(?:(?:Bearer|Basic|Token)\s+)?"
# A value may announce another: it is looked at, not passed.
_SAID = (
    re.compile(
        rf"""(?<![A-Za-z0-9])(?P<key>[A-Za-z][\w.-]*)["']?\s*[:=]\s*{_SCHEME}(?=(?P<value>{_VALUE}))""",
        re.IGNORECASE,
    ),
    re.compile(rf"(?<!\S)--?(?P<key>[A-Za-z][\w-]*)\s+(?!-)(?=(?P<value>{_VALUE}))"),
)
_BEARER = re.compile(r"(?<=Bearer )[A-Za-z0-9._~+/=-]{16,}")
# It only says where the secret is.
_REFERENCE = re.compile(
    rf"""{_SCHEME}(?:\$\{{\w+\}}|\$\{{(?:env|input|secret):[\w.-]+\}}|\$env:\w+|%\w+%
    |\{{(?:env|file):[^}}]*\}}|\$?\{{\{{\s*(?:secrets|env)\.[\w.-]+\s*\}}\}})""",
    re.VERBOSE | re.IGNORECASE,
)
_AFTER_SCHEME = re.compile(_SCHEME, re.IGNORECASE)
_CONSTANT = re.compile(r"(?:true|false|null|yes|no|on|off|~)?", re.IGNORECASE)

_LOOSE = re.compile(
    r"token(?![a-rt-z])|secret|passw(?:or)?d|passphrase|passcode|api[ _.-]?key|credential", re.I
)
_EXACT = frozenset(
    ("token", "secret", "password", "passwd", "passphrase", "passcode", "pass", "pwd", "pw", "pat",
     "pin", "apikey", "key", "auth", "authorization", "bearer", "credential", "jwt", "cookie",
     "dsn", "sas", "signature", "otp", "totp")
)  # fmt: skip
_PLURAL = frozenset(("tokens", "secrets", "keys", "credentials", "passwords", "cookies", "auths"))
# Not the secret itself, but where it is, what it is called, how much there is of it.
_ABOUT = frozenset(
    ("file", "files", "path", "dir", "folder", "helper", "type", "name", "names", "var", "vars",
     "url", "uri", "endpoint", "count", "limit", "budget", "size", "command", "cmd", "env",
     "required", "provider", "method", "mode")
)  # fmt: skip
_AROUND = frozenset(("env", "envs", "environment", "environments", "header", "headers", "cookies",
                     "secrets", "credentials"))  # fmt: skip
_OPEN = frozenset(("primary", "foreign", "public", "hot", "sort", "env", "cache", "partition"))
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def is_secret(key: str, *, is_text: bool = True) -> bool:
    """Whether ``key`` announces a secret; of what is no text, such as a number, if it says so."""
    words = [word.casefold() for word in _WORD.findall(key)]
    if not words or words[-1] in _ABOUT or (words[-1] == "key" and words[0] in _OPEN):
        return False
    if words[-1] in _EXACT or (len(words) == 1 and key.casefold().endswith("password")):
        return True
    return is_text and bool(_LOOSE.search(key) or words[-1] in _PLURAL or _EXACT & set(words))


def is_around(key: str) -> bool:
    """Whether what is below ``key`` may all be secret, as variables and headers are."""
    words = _WORD.findall(key)
    return bool(words) and words[-1].casefold() in _AROUND


def is_harmless(text: str) -> bool:
    """Whether a value is no secret wherever it stands: it refers to one, or only says yes or no."""
    return bool(_REFERENCE.fullmatch(text) or _CONSTANT.fullmatch(text))


def scheme(text: str) -> int:
    """Return how long the word is that says what kind of secret follows: ``Bearer x`` has 7."""
    found = _AFTER_SCHEME.match(text)
    return found.end() if found else 0


def forms(text: str) -> Iterator[Span]:
    """Yield what is secret by its form alone: keys of well-known services, users of addresses."""
    for found in _CLEAR.finditer(text):
        yield found.span(found.lastgroup or 0)
    for found in _BEARER.finditer(text):
        yield found.span()


def announced(text: str, least: int = 1) -> Iterator[Span]:
    """Yield what follows a word that announces a secret, if it has ``least`` characters or more."""
    for pattern in _SAID:
        for found in pattern.finditer(text):
            start, end = _inside(text, *found.span("value"))
            if end - start >= least and _is_meant(found["key"], text[start:end]):
                yield start, end


def _inside(text: str, start: int, end: int) -> Span:
    """Return where a value is without its quotes and the word that says what kind it is."""
    if text[start] in "\"'":
        start, end = start + 1, end - 1
    return start + scheme(text[start:end]), end


def _is_meant(key: str, value: str) -> bool:
    is_text = not value.replace(".", "").isdigit()
    return not is_harmless(value) and value[:1] != "{" and is_secret(key, is_text=is_text)
