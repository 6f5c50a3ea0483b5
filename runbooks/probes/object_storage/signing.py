"""Signs requests to S3, which answers what a bucket is like to nobody else.

Source: "Signature Version 4 signing process" of AWS. Only requests without a body
are signed: gonogo never writes.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from urllib.parse import parse_qsl, quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY = hashlib.sha256(b"").hexdigest()


def signed(
    url: str,
    region: str,
    key: tuple[str, str],
    token: str = "",
    *,
    method: str = "GET",
    more: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> dict[str, str]:
    """Return the headers that make a request of this access key.

    Args:
        url: as it is sent, its path already quoted.
        key: access key and its secret.
        token: of a session, where the key is a temporary one.
        more: headers to sign as well.
        now: when it is sent; it is valid for a quarter of an hour.
    """
    when = now or datetime.now(UTC)
    stamp, day = f"{when:%Y%m%dT%H%M%SZ}", f"{when:%Y%m%d}"
    parts = urlsplit(url)
    headers = {"x-amz-content-sha256": EMPTY, "x-amz-date": stamp}
    if token:
        headers["x-amz-security-token"] = token
    headers |= {name.lower(): value for name, value in (more or {}).items()}
    told = sorted({**headers, "host": parts.netloc}.items())
    names = ";".join(name for name, _ in told)
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    request = [
        method,
        parts.path or "/",
        "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in query),
        *(f"{name}:{value.strip()}" for name, value in told),
        "",
        names,
        EMPTY,
    ]
    scope = f"{day}/{region}/s3/aws4_request"
    digest = hashlib.sha256("\n".join(request).encode()).hexdigest()
    text = "\n".join([ALGORITHM, stamp, scope, digest])
    secret = reduce(_derived, scope.split("/"), f"AWS4{key[1]}".encode())
    signature = _derived(secret, text).hex()
    headers["Authorization"] = (
        f"{ALGORITHM} Credential={key[0]}/{scope}, SignedHeaders={names}, "
        f"Signature={signature}"
    )
    return headers


def _derived(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
