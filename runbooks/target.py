"""The target: one deployment, described by a profile in TOML.

A profile says where to look and never holds a secret. Its tables are free; a
runbook refers to them as ``${api.url}``. A profile beside the runbook names hosts,
files and commands that somebody else chose, so it counts only once trusted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runbooks.errors import DocumentError, ProbeError
from runbooks.model import Runbook

if TYPE_CHECKING:
    from runbooks.secrets import Secret

BESIDE = "gonogo.toml"
SYSTEM = Path("/etc/gonogo")
SOURCE = "target profile"
"""Source of findings that only a profile could settle."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the profile says of one deployment.

    Attributes:
        name: "" when there is no profile and the runbook names none.
        path: the profile, None when there is none.
        digest: sha256 hex of its bytes, for trusting it.
        untrusted: path of a profile that was found and not read, because nobody
            has trusted it yet; then `digest` is that of this file.
        thresholds: step id to reading to the expectation that replaces it.
        tables: everything else, as written, secrets replaced by references.
        secrets: dotted name (``api.token``) to reference.
    """

    name: str
    path: Path | None = None
    digest: str = ""
    untrusted: Path | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    vars: Mapping[str, str] = field(default_factory=dict)
    thresholds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tables: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)


NOWHERE = Target("")
"""No deployment: nothing is ruled out by its facts."""


def find(name: str | None, runbook_path: Path) -> Path | None:
    """Return the profile that would be used, or None.

    Without a name: ``gonogo.toml`` beside the runbook, then in the working
    directory. With one: that file if it has a slash, else ``NAME.toml`` among
    the user's targets, then the system's.
    """
    if name is None:
        places = [runbook_path.absolute().parent / BESIDE, Path.cwd() / BESIDE]
    elif "/" in name:
        places = [Path(name).expanduser()]
    else:
        places = [_user_targets() / f"{name}.toml", SYSTEM / f"{name}.toml"]
    return next((place for place in places if place.is_file()), None)


def names() -> list[str]:
    """Return the names of the profiles that the user and the system have."""
    places = (_user_targets(), SYSTEM)
    return sorted({path.stem for place in places for path in place.glob("*.toml")})


def profile_of(name: str) -> Path:
    """Return where the user's own profile of that name is.

    Raises:
        DocumentError: a name cannot be written so.
    """
    if not name or "/" in name or name.startswith("."):
        raise DocumentError(name, "is no name of a target; write a plain one")
    return _user_targets() / f"{name}.toml"


def load(
    name: str | None,
    runbook: Runbook,
    is_trusted: Callable[[str, Path], bool] = lambda digest, path: False,
) -> Target:
    """Read the profile for this runbook.

    Args:
        name: as the operator gave it; None for what lies beside the runbook, then
            the runbook's own ``target``.
        is_trusted: whether the operator has trusted a profile with this sha256 there;
            asked only about one beside the runbook or in the working directory.

    Raises:
        DocumentError: the named profile does not exist, or one cannot be read.
    """
    path = find(name, runbook.path)
    default = runbook.options.target or ""
    if "/" in default:
        raise DocumentError(
            runbook.path, f"its target {default!r} is a path; write a plain name"
        )
    if name is None and path is None and default:
        path = find(default, runbook.path)
    if path is None:
        if name is not None:
            raise DocumentError(
                name, f"there is no such target; write {_user_targets()}/{name}.toml"
            )
        return Target(default)
    try:
        data = path.read_bytes()
        owner = path.stat().st_uid
    except OSError as error:
        raise DocumentError(path, f"cannot be read: {error.strerror}") from error
    if path.is_relative_to(SYSTEM) and owner != 0:
        raise DocumentError(path, "does not belong to root; chown it, or remove it")
    digest = hashlib.sha256(data).hexdigest()
    if path.name == BESIDE and name is None and not is_trusted(digest, path):
        return Target(default, digest=digest, untrusted=path)
    return parse(data, path)


def parse(data: bytes, path: Path) -> Target:
    """Read a profile's bytes.

    Raises:
        DocumentError: it is no TOML, holds a secret, or a table is no table.
    """
    from runbooks.source import loads, misread

    try:
        tables = loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        said = "is no TOML: it is not UTF-8 text"
        raise DocumentError(path, said, line, column) from error
    except (ValueError, RecursionError) as error:
        said, line, column = misread(error, data.decode("utf-8"))
        raise DocumentError(path, f"is no TOML: {said}", line, column) from error
    name = tables.pop("name", path.stem if path.name != BESIDE else "default")
    if not isinstance(name, str) or not name or "/" in name:
        raise DocumentError(path, 'name is no plain text; write name = "production"')
    for key, table in tables.items():
        if not isinstance(table, dict):
            raise DocumentError(path, f"{key} stands outside a table; move it to one")
    secrets: dict[str, Secret] = {}
    for key, table in tables.items():
        tables[key] = _without_secrets(key, table, secrets, path)
    facts = tables.pop("facts", {})
    variables = tables.pop("vars", {})
    thresholds = tables.pop("thresholds", {})
    for key, value in variables.items():
        if not isinstance(value, str):
            raise DocumentError(path, f"[vars] {key} is no text; put it in quotes")
    for key, value in thresholds.items():
        if not isinstance(value, dict):
            raise DocumentError(
                path, f'[thresholds] {key} is no table; write [thresholds."STEP ID"]'
            )
    digest = hashlib.sha256(data).hexdigest()
    return Target(
        name, path, digest, None, facts, variables, thresholds, tables, secrets
    )


def lookup(target: Target, name: str) -> Any:
    """Return what the profile says under a dotted name such as ``api.url``.

    A secret comes back as its reference.

    Raises:
        ProbeError: it says nothing there; the error's note says what to write.
    """
    table, _, key = name.partition(".")
    value: Any = {"vars": target.vars, "facts": target.facts, **target.tables}
    for part in name.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
        if value is None:
            break
    else:
        return value
    error = ProbeError(
        f"no [{table}] {key} in the profile", source=SOURCE, stage="configuration"
    )
    if target.untrusted:
        error.add_note(f"{target.untrusted} is not trusted yet: gonogo trust it first")
    else:
        place = target.path or _user_targets() / f"{target.name or 'NAME'}.toml"
        error.add_note(f"add {key} under [{table}] to {place}")
    raise error


def candidates(target: Target, placeholder: str) -> tuple[str, ...]:
    """Return what the profile offers for a placeholder such as ``api.example.com``.

    Hosts of the profile's URLs for a host name, its namespace for a namespace;
    nothing for what the profile cannot know.
    """
    wanted = placeholder.strip("<>{}[]$ ").lower()
    if "namespace" in wanted:
        space = target.tables.get("kubernetes", {}).get("namespace")
        return (space,) if isinstance(space, str) else ()
    if "." not in wanted and "host" not in wanted and "domain" not in wanted:
        return ()
    hosts = []
    for table in target.tables.values():
        url, host = table.get("url"), table.get("host")
        if isinstance(url, str) and "://" in url:
            hosts.append(url.split("://", 1)[1].split("/", 1)[0])
        if isinstance(host, str) and "/" not in host:  # no socket of an Engine
            hosts.append(host)
    return tuple(dict.fromkeys(hosts))


def _user_targets() -> Path:
    config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(config).expanduser() / "gonogo" / "targets"


def _without_secrets(
    prefix: str, table: dict[str, Any], secrets: dict[str, Secret], path: Path
) -> dict[str, Any]:
    """Replace references by `Secret` and refuse a secret that is written out."""
    from runbooks.secrets import literal, reference

    result: dict[str, Any] = {}
    for key, value in table.items():
        wrong = literal(prefix, key, value)
        if wrong:
            raise DocumentError(path, wrong)
        secret = reference(value)
        if secret:
            secrets[f"{prefix}.{key}"] = secret
            result[key] = secret
        elif isinstance(value, dict):
            result[key] = _without_secrets(f"{prefix}.{key}", value, secrets, path)
        else:
            result[key] = value
    return result
