"""A throwaway certificate authority and the one certificate of all HTTPS parts."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from runbooks.rehearsal.layout import HOST, Layout, read, write_private

DAYS = 90


def issue(layout: Layout, days: float = DAYS) -> None:
    """Write ``tls/server.{pem,key}``, valid for *days*, from the authority beside it.

    The authority, ``tls/ca.{pem,key}``, is made the first time. Parts that show the
    certificate read it when they start.
    """
    import trustme

    directory = layout.path("tls")
    directory.mkdir(exist_ok=True)
    certificate, key = directory / "ca.pem", directory / "ca.key"
    if key.exists():
        authority = trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    else:
        authority = trustme.CA(organization_name="gonogo rehearsal")
        authority.cert_pem.write_to_path(str(certificate))
        write_private(key, authority.private_key_pem.bytes().decode())
    leaf = authority.issue_cert(
        "localhost", HOST, not_after=datetime.now(UTC) + timedelta(days=days)
    )
    chain = "".join(blob.bytes().decode() for blob in leaf.cert_chain_pems)
    (directory / "server.pem").write_text(chain)
    write_private(directory / "server.key", leaf.private_key_pem.bytes().decode())


if __name__ == "__main__":
    issue(read(Path(sys.argv[1])))
