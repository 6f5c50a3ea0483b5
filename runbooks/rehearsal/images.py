"""The images that the containers of a rehearsal run, in two versions.

An image holds its version and the names under which programs look for libraries,
nothing else. Python, its libraries and this package are the machine's own, mounted
read-only: so an image is made in no time and without internet, at the price of
containers that see directories of the host's system.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tarfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from runbooks.rehearsal.layout import Layout

if TYPE_CHECKING:
    from docker import APIClient

BEFORE, NEWEST = "1.8.4", "1.9.0"
_RELEASE = "etc/rehearsal-release"
_NAMES = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
"""Of system directories in ``/``: today links into ``/usr``, once directories."""
_CACHE = Path("/etc/ld.so.cache")
_PACKAGES = ("aiohttp", "asyncpg", "redis")
"""What the programs import besides the standard library, and what that needs."""


def make(
    client: APIClient, repository: str, labels: Mapping[str, str]
) -> dict[str, str]:
    """Import both versions; return their ids by reference, the newest last."""
    made = {}
    for version in (BEFORE, NEWEST):
        known = {**labels, "org.opencontainers.image.version": version}
        changes = [f'LABEL {name}="{value}"' for name, value in known.items()]
        client.import_image_from_data(
            _root_file_system(version), repository, version, changes
        )
        reference = f"{repository}:{version}"
        described = client.inspect_image(reference)  # type: ignore[no-untyped-call]
        made[reference] = str(described["Id"])
    return made


def borrowed() -> list[Path]:
    """Return the directories of this machine that containers need, none in another."""
    specs = (find_spec(name) for name in _PACKAGES)
    found = {Path(spec.origin).parents[1] for spec in specs if spec and spec.origin}
    found |= {Path(sys.base_prefix), Path("/usr"), Path(__file__).parents[1]}
    found |= {path for path in _top() if path.is_dir() and not path.is_symlink()}
    return [
        path
        for path in sorted(found)
        if not any(path.is_relative_to(other) for other in found - {path})
    ]


def search_path() -> str:
    """Return PYTHONPATH in a container."""
    specs = (find_spec(name) for name in _PACKAGES)
    found = [spec.origin for spec in specs if spec and spec.origin]
    places = [str(Path(origin).parents[1]) for origin in found]
    return os.pathsep.join(dict.fromkeys([str(Path(__file__).parents[2]), *places]))


def report(layout: Layout, made: Mapping[str, str]) -> None:
    """Write what a scanner says of each image: without packages, nothing."""
    directory = layout.path("scans")
    directory.mkdir()
    for reference, digest in made.items():
        said = {
            "SchemaVersion": 2,
            "CreatedAt": datetime.now(UTC).isoformat(),
            "ArtifactName": reference,
            "ArtifactType": "container_image",
            "Metadata": {"ImageID": digest, "RepoTags": [reference]},
            "Results": None,
        }
        version = reference.rpartition(":")[2]
        (directory / f"app-{version}.json").write_text(json.dumps(said))


def _root_file_system(version: str) -> bytes:
    """Return a tar with the release and the links that this machine has in ``/``."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for path in _top():
            if path.is_symlink():
                link = tarfile.TarInfo(path.name)
                link.type, link.linkname = tarfile.SYMTYPE, os.readlink(path)
                tar.addfile(link)
        etc = tarfile.TarInfo("etc")
        etc.type, etc.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(etc)
        _add(tar, _RELEASE, f"{version}\n".encode())
        if _CACHE.exists():
            _add(tar, str(_CACHE)[1:], _CACHE.read_bytes())
    return packed.getvalue()


def _top() -> Iterator[Path]:
    return (path for name in _NAMES if (path := Path("/", name)).exists())


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    about = tarfile.TarInfo(name)
    about.size = len(content)
    tar.addfile(about, io.BytesIO(content))
