"""Asks S3 what a bucket is like: obstore knows objects only."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import quote
from xml.etree import ElementTree

from runbooks.errors import ProbeError
from runbooks.probes.fetching import Request, Response, fetch
from runbooks.probes.object_storage.signing import signed
from runbooks.probes.object_storage.store import StorageProbe
from runbooks.probes.sources import Sources

LARGEST = 1024 * 1024
"""Bytes of an answer; Amazon's own limit for a policy or a lifecycle is lower."""
_UNSET = {
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "ObjectLockConfigurationNotFoundError",
    "ReplicationConfigurationNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
}
"""Codes of errors that say: it was never set."""
_UNKNOWN = {"NotImplemented", "MethodNotAllowed", "XNotImplemented"}
"""What stores other than Amazon's answer about things that they do not have."""


async def setting(
    probe: StorageProbe, sources: Sources, name: str
) -> ElementTree.Element | None:
    """Return the answer to ``GET /?name``, None where it was never set.

    Raises:
        ProbeError: the bucket cannot be asked, or this is not answered.
    """
    probe.demand_readable()
    key = ("bucket", probe.address, probe.access_key_id, name)
    return await sources.once(key, lambda: _setting(probe, sources, name))


async def head(probe: StorageProbe, sources: Sources, key: str) -> Response:
    """Return the headers of one object.

    Raises:
        ProbeError: the bucket cannot be asked.
    """
    response = await _fetched(probe, sources, f"/{quote(key, safe='/~')}", "HEAD")
    if response.status != 200:
        raise probe.refused(response.status, "")
    return response


async def open_to_all(probe: StorageProbe, sources: Sources) -> bool:
    """Whether somebody without any key may list the bucket.

    Raises:
        ProbeError: the bucket cannot be asked.
    """
    url = f"{probe.address}/?list-type=2&max-keys=1"
    response = await _answer(probe, sources, Request(url, ca=probe.ca, keep=LARGEST))
    return response.status == 200


async def _setting(
    probe: StorageProbe, sources: Sources, name: str
) -> ElementTree.Element | None:
    response = await _fetched(probe, sources, f"/?{name}", "GET")
    try:
        root = ElementTree.fromstring(response.body)
    except ElementTree.ParseError as error:
        if response.status != 200:
            raise probe.refused(response.status, "") from error
        raise probe.failed(f"answered no XML to ?{name}", "query") from error
    if response.status == 200:
        return root
    code = root.findtext("{*}Code") or ""
    if code in _UNSET:
        return None
    if code in _UNKNOWN or response.status == 501:
        raise probe.failed(f"knows nothing of ?{name}", "query")
    raise probe.refused(response.status, code[:60])


async def _fetched(
    probe: StorageProbe, sources: Sources, path: str, method: str
) -> Response:
    url = probe.address + path
    key = (probe.access_key_id, probe.secret_access_key)
    headers = signed(url, probe.region, key, probe.session_token, method=method)
    sources.hide(headers["Authorization"])
    told = tuple(headers.items())
    request = Request(url, method, told, probe.ca, keep=LARGEST)
    return await _answer(probe, sources, request)


async def _answer(probe: StorageProbe, sources: Sources, request: Request) -> Response:
    try:
        return await fetch(sources, request)
    except ProbeError as error:
        error.source = probe.source
        raise


def texts(root: ElementTree.Element | None, path: str) -> list[str]:
    """Return the texts at *path*, whatever their namespace."""
    steps = "/".join(f"{{*}}{step}" for step in path.split("/"))
    return (
        [each.text or "" for each in root.iterfind(steps)] if root is not None else []
    )


def says(root: ElementTree.Element | None, path: str, wanted: Collection[str]) -> bool:
    """Whether one of the texts at *path* is among those wanted."""
    return any(text in wanted for text in texts(root, path))
