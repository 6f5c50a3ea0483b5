"""One TLS handshake: with whom, how, and what came of it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

from runbooks.errors import ProbeError
from runbooks.probes.sources import Sources

PORT = 443


@dataclass(frozen=True, slots=True)
class Server:
    """Where to shake hands.

    Attributes:
        host: name or address, sent as server name if it is a name.
    """

    host: str
    port: int = PORT

    def __str__(self) -> str:
        return self.host if self.port == PORT else f"{self.host}:{self.port}"

    @property
    def source(self) -> str:
        return f"tls {self}"


@dataclass(frozen=True, slots=True)
class Handshake:
    """How one handshake ended.

    Attributes:
        problem: why there was none, "" when there was one.
        verify_code: of OpenSSL (X509_V_ERR_…) when the chain was refused, else 0.
        certificate: of the server, DER.
    """

    problem: str = ""
    verify_code: int = 0
    version: str = ""
    cipher: str = ""
    certificate: bytes = b""


def server(text: str) -> Server:
    """Read an https URL, ``host:port`` or a host.

    Raises:
        ValueError: it is none of them.
    """
    parts = urlsplit(text if "//" in text else f"//{text}")
    if not parts.hostname or parts.port == 0:
        raise ValueError(f"{text!r} names no host; write https://HOST or HOST:PORT")
    return Server(parts.hostname, parts.port or PORT)


async def shake(sources: Sources, there: Server, context: ssl.SSLContext) -> Handshake:
    """Shake hands once and hang up.

    Raises:
        ProbeError: nobody is there to shake hands with (``name``, ``tcp``).
    """
    sources.asked(there.source)
    writer = await _connect(there)
    try:
        await writer.start_tls(context, server_hostname=there.host)
    except ssl.SSLCertVerificationError as error:
        return Handshake(error.verify_message, error.verify_code)
    except ssl.SSLError as error:
        return Handshake((error.reason or str(error)).lower().replace("_", " "))
    except OSError as error:
        return Handshake(error.strerror or "the connection was closed")
    else:
        channel: ssl.SSLObject = writer.get_extra_info("ssl_object")
        cipher = channel.cipher()
        return Handshake(
            version=channel.version() or "",
            cipher=cipher[0] if cipher else "",
            certificate=channel.getpeercert(binary_form=True) or b"",
        )
    finally:
        writer.transport.abort()


async def _connect(there: Server) -> asyncio.StreamWriter:
    try:
        _, writer = await asyncio.open_connection(there.host, there.port)
    except socket.gaierror as error:
        said, stage = f"no address for {there.host}", "name"
        raise ProbeError(said, source=there.source, stage=stage) from error
    except ConnectionRefusedError as error:
        raise ProbeError(
            f"{there} refused the connection", source=there.source, stage="tcp"
        ) from error
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ProbeError(
            f"no connection to {there}: {said}", source=there.source, stage="tcp"
        ) from error
    return writer


def careless(
    version: ssl.TLSVersion | None = None, ciphers: str = ""
) -> ssl.SSLContext:
    """Return a client that accepts anything, so that a refusal is the server's.

    Args:
        version: the only one to offer; None for all that are not obsolete.
        ciphers: OpenSSL's cipher list up to TLS 1.2; security level 0 is added.

    Raises:
        ValueError: this Python or OpenSSL does not know the version.
        ssl.SSLError: this OpenSSL has none of the ciphers.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(f"{ciphers or 'ALL'}:@SECLEVEL=0")
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def can_offer(context: ssl.SSLContext) -> bool:
    """Whether this machine's OpenSSL gets as far as a first message with it."""
    client = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="test")
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        return True
    except ssl.SSLError:
        return False
    return False
