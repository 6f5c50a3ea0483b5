"""PostgreSQL addresses as applications write them, made fit for asyncpg.

asyncpg takes ``postgresql://`` URLs alone and sends every key of the query that it
does not know to the server as a setting, which refuses the connection. So the driver
of SQLAlchemy (``postgresql+psycopg://``) is taken off, libpq's ``host=… dbname=…``
becomes a URL, and keys that only other drivers know are left out.
https://www.postgresql.org/docs/16/libpq-connect.html#LIBPQ-CONNSTRING
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

_SCHEME = re.compile(r"postgres(ql)?(\+\w+)?://", re.IGNORECASE)
_HOST = r"(?:\[[0-9A-Fa-f:.%]+\]|[^\s\[\]:/@,]+)(?::\d{1,5})?"
_HOSTS = re.compile(rf"{_HOST}(?:,{_HOST})*")
_KEPT = frozenset(
    (
        *("passfile", "sslmode", "sslcert", "sslkey", "sslrootcert", "sslpassword"),
        *("sslcrl", "sslnegotiation", "ssl_min_protocol_version"),
        *("ssl_max_protocol_version", "target_session_attrs", "krbsrvname"),
        *("gsslib", "options", "application_name"),
    )
)
_SSL = {"true": "require", "1": "require", "on": "require", "false": "disable"}
_UNREADABLE = (
    "the address of the database cannot be read; in a URL / ? # @ of a password "
    "are written %2F %3F %23 %40"
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is, and how it is reached.

    Attributes:
        url: as asyncpg takes it, with user and password.
        place: host, port and database, for people.
        host, port: the first host alone, or the directory of the socket.
        user, password, database: "" where it names none.
        sslmode: as libpq writes it, "" where it says nothing of TLS.
        ca: file of the authorities to trust, "" for none in particular.
    """

    url: str = field(repr=False)
    place: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    sslmode: str
    ca: str


def address(dsn: str, ca: str = "") -> Address:
    """Read an address.

    Args:
        ca: file of the only certificate authorities to trust; it makes TLS
            ``verify-full`` where the address itself says nothing of TLS.

    Raises:
        ValueError: it is no address of a PostgreSQL server. The message never
            holds any of it.
    """
    text = dsn.strip()
    said = _url(text) if "://" in text else _keywords(text)
    host, port = said.pop("host", ""), said.pop("port", "")
    # Without a host asyncpg would take PGHOST or a socket: not what was declared.
    if not host:
        raise ValueError("the address of the database names no host")
    socket = host.startswith("/")
    hosts = _joined(host, port)
    fits = _HOSTS.fullmatch(hosts) and _ports_fit(hosts)
    if not (port or "0").isdecimal() if socket else not fits:
        raise ValueError(_UNREADABLE)
    user, password = said.pop("user", ""), said.pop("password", "")
    database = said.pop("dbname", "")
    options = {key: value for key, value in said.items() if key in _KEPT}
    if "ssl" in said:
        options.setdefault("sslmode", _SSL.get(said["ssl"].lower(), said["ssl"]))
    if ca and not socket:
        options.setdefault("sslmode", "verify-full")
        options.setdefault("sslrootcert", ca)
    if socket:
        options |= {"host": host, "port": port or "5432"}
    login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    at = (f"{login}@" if login else "") + ("" if socket else hosts)
    query = f"?{urlencode(options)}" if options else ""
    shown = f"{host}:{port or 5432}" if socket else hosts
    first, _, first_port = shown.split(",")[0].rpartition(":")
    return Address(
        url=f"postgresql://{at}/{quote(database, safe='')}{query}",
        place=f"{shown}/{database or user}",
        host=first.strip("[]"),
        port=int(first_port),
        user=user,
        password=password,
        database=database,
        sslmode=options.get("sslmode", ""),
        ca=options.get("sslrootcert", ""),
    )


def _url(text: str) -> dict[str, str]:
    """Return what a URL says, under libpq's names."""
    if not _SCHEME.match(text):
        raise ValueError(
            "the address of the database is no postgresql:// URL; write it as one"
        )
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise ValueError(_UNREADABLE) from error
    if "@" in parts.path + parts.query or parts.fragment:
        raise ValueError(_UNREADABLE)
    login, _, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    said = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "database" in said:
        said.setdefault("dbname", said.pop("database"))
    written = {
        "host": hosts,
        "user": unquote(user),
        "password": unquote(password),
        "dbname": unquote(parts.path.removeprefix("/")),
    }
    return said | {name: value for name, value in written.items() if value}


def _keywords(text: str) -> dict[str, str]:
    """Return what libpq's ``host=… user=…`` says."""
    try:
        return dict(word.split("=", 1) for word in shlex.split(text))
    except ValueError as error:
        raise ValueError(_UNREADABLE) from error


def _joined(host: str, port: str) -> str:
    """Return hosts with their ports, 5432 where none is written."""
    ports = port.split(",")
    pairs = []
    for index, each in enumerate(host.split(",")):
        bare, colon, written = each.rpartition(":")
        if not colon or "]" in written or ":" in bare.rpartition("]")[2]:
            bare = f"[{each}]" if ":" in each and "[" not in each else each
            written = ports[min(index, len(ports) - 1)] or "5432"
        pairs.append(f"{bare}:{written}")
    return ",".join(pairs)


def _ports_fit(hosts: str) -> bool:
    return all(int(each.rpartition(":")[2]) < 65536 for each in hosts.split(","))
