"""What may be said of a setting's value: everything but a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import log2
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from runbooks.results import Value

UNITS: Mapping[str, str] = dict.fromkeys(
    (
        *("set", "length", "class", "entropy", "placeholder", "prefix", "last4"),
        *("on", "number", "first", "count", "addresses", "malformed", "domains"),
        *("scheme", "host", "port", "path", "database", "user", "password"),
        *("percent", "local", "encrypted", "exposed"),
        *("source", "mode", "same", "fingerprint"),
    ),
    "",
)
"""What can be read of a variable as ``NAME.length``, and its base unit."""
KEPT = 200

_SECRET = re.compile(
    r"(?:^|_)(?:SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|KEY|DSN|CREDENTIALS?|COOKIES?)$"
)
_LOGIN = re.compile(
    r"""(?ix) ://.*@ | \bpassw(or)?d\s*= | [?&][^=&]*(token|secret|passw|key|sig)[^=&]*=
    | ^(sk|rk)_(live|test)_ | ^whsec_ | ^hf_[a-z0-9]{8} | ^gh[pousr]_ | ^eyJ
    | -----BEGIN"""
)
_PLACEHOLDER = re.compile(
    r"""(?ix) change[-_\s]?(me|this) | ^your[-_] | [-_]here$ | \.\.\.$ | ^<.*>$
    | ^x{3,}$ | \byour[-_]?domain\b | ^(replace|insert|todo|fixme)\b | ^placeholder
    | ^(secret|password|passwd|postgres|admin|root|test|none|null|dummy|example
       |default|changeit|123456\d*)$"""
)
_PREFIX = re.compile(r"(?:sk|rk|pk)_(?:live|test)_|whsec_|price_|hf_|tc_")
_CLASSES = (
    ("digits", re.compile(r"\d+")),
    ("hex", re.compile(r"[0-9a-f]+|[0-9A-F]+")),
    ("letters", re.compile(r"[A-Za-z]+")),
    ("url-safe", re.compile(r"[A-Za-z0-9_-]+={0,2}")),
    ("base64", re.compile(r"[A-Za-z0-9+/]+={0,2}")),
)
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}")
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")
_ON = {"true": True, "t": True, "yes": True, "y": True, "on": True, "1": True}
_OFF = {"false": False, "f": False, "no": False, "n": False, "off": False, "0": False}
_LOCAL = re.compile(r"(?i)localhost|.*\.localhost|127(\.\d+){3}|::1|0\.0\.0\.0")
_ENCRYPTING = {"https", "rediss", "wss"}
_SSL_MODES = {"require", "verify-ca", "verify-full"}


def is_secret(name: str, value: str) -> bool:
    """Whether the value must never be told: by its name, or by what it looks like.

    A URL counts as soon as it may hold a login, also where it cannot be read.
    """
    return bool(_SECRET.search(name.upper()) or _LOGIN.search(value))


def is_placeholder(value: str) -> bool:
    """Whether somebody forgot to put in a value of their own."""
    url = _url(value)
    if url is None or not url.netloc:
        return bool(_PLACEHOLDER.search(value))
    parts = (unquote(url.password or ""), url.hostname or "")
    return any(_PLACEHOLDER.search(part) for part in parts)


def addresses(value: str) -> list[str]:
    """Return the e-mail addresses of a list with commas."""
    items = (item.strip() for item in value.split(","))
    return [item for item in items if _ADDRESS.fullmatch(item)]


def masked(address: str) -> str:
    """Return an e-mail address so that it can be told apart and not written to."""
    return f"{address[0]}…@{address.rpartition('@')[2]}"


def aspects(name: str, value: str | None) -> dict[str, Value]:
    """Return what the value looks like, by names of `UNITS`; "" is the value itself.

    Where that is secret it is described instead. An empty value is absent.
    """
    if not value:
        return {**dict.fromkeys(UNITS), "": None, "set": False, "length": 0}
    number = _number(value)
    items = [item.strip() for item in value.split(",") if item.strip()]
    mails = addresses(value)
    malformed = [str(n) for n, i in enumerate(items, 1) if not _ADDRESS.fullmatch(i)]
    prefix = _PREFIX.match(value)
    switch = {**_ON, **_OFF}.get(value.strip().lower())
    kind = _kind(value)
    secret = is_secret(name, value)
    shown: Value = value[:KEPT] if number is None else number
    if secret:
        shown = f"{len(value)} characters, {kind}"
    elif mails:
        shown = ", ".join(map(masked, mails))
    return {
        **dict.fromkeys(UNITS),
        "": shown,
        "set": True,
        "length": len(value),
        "class": kind,
        "entropy": round(_entropy(value)),
        "placeholder": is_placeholder(value),
        "prefix": prefix[0] if prefix else None,
        "last4": None if secret or len(value) < 12 else value[-4:],
        "on": switch,
        "number": number,
        "first": items[0] if items and not secret and not mails else None,
        "count": len(items),
        "addresses": len(mails),
        "malformed": ", ".join(f"entry {n}" for n in malformed) or None,
        "domains": ", ".join(dict.fromkeys(map(_domain, mails))) or None,
        **_parts(value),
    }


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _parts(value: str) -> dict[str, Value]:
    url = _url(value)
    if url is None:
        return {}
    host = url.hostname
    local = host is None or bool(_LOCAL.fullmatch(host))
    query = {key.lower(): text for key, text in parse_qsl(url.query)}
    encrypted = url.scheme in _ENCRYPTING or query.get("sslmode") in _SSL_MODES
    password = unquote(url.password or "") or query.get("password", "")
    said = "set" if password else None
    if password and _PLACEHOLDER.search(password):
        said = "placeholder"
    return {
        "scheme": url.scheme,
        "host": host,
        "port": url.port,
        "path": url.path or None,
        "database": url.path.lstrip("/") or None,
        "user": unquote(url.username) if url.username and password else None,
        "password": said,
        "percent": "%" in value,
        "local": local,
        "encrypted": encrypted,
        "exposed": not local and not (password and encrypted),
    }


def _url(value: str) -> SplitResult | None:
    """Return the parts of an absolute URL, None for anything else.

    One whose password is not quoted as it should be has none: they would tell it.
    """
    if "://" not in value:
        return None
    try:
        url = urlsplit(value.strip())
        _ = url.port  # checked only when asked for
    except ValueError:
        return None
    quoted = "@" not in url.path + url.query + url.fragment
    return url if url.scheme and quoted else None


def _kind(value: str) -> str:
    if is_placeholder(value):
        return "placeholder"
    if _url(value):
        return "URL"
    return next((name for name, p in _CLASSES if p.fullmatch(value)), "mixed")


def _entropy(value: str) -> float:
    """Estimate bits by the frequency of the value's own characters (Shannon)."""
    shares = [value.count(each) / len(value) for each in set(value)]
    return -len(value) * sum(share * log2(share) for share in shares)


def _number(value: str) -> int | float | None:
    match = _NUMBER.fullmatch(value.strip())
    if not match:
        return None
    return float(value) if match[1] else int(value)
