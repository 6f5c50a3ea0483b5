"""Probe of how a bucket is set up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar
from xml.etree.ElementTree import Element

from runbooks.errors import ProbeError
from runbooks.probes.base import Measurement
from runbooks.probes.object_storage.asking import open_to_all, says, setting, texts
from runbooks.probes.object_storage.store import StorageProbe
from runbooks.probes.sources import Sources
from runbooks.quantities import shown
from runbooks.results import Reading

FIRST = "us-east-1"
"""The region of a bucket whose location is empty."""
_EVERYBODY = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
_PUBLIC = ("policyStatus", "acl")
_LOCK = "object-lock"
_ASKED = (
    *("location", "versioning", "publicAccessBlock", "replication", "encryption"),
    *(_LOCK, *_PUBLIC),
)
_BLOCKS = (
    "BlockPublicAcls",
    "IgnorePublicAcls",
    "BlockPublicPolicy",
    "RestrictPublicBuckets",
)


class BucketProbe(StorageProbe, frozen=True, kw_only=True):
    """Measures who may see a bucket, what protects it, and where it is.

    Source: ``GetBucketPolicyStatus``, ``GetBucketAcl``, ``GetPublicAccessBlock``,
    ``GetBucketVersioning``, ``GetObjectLockConfiguration``, ``GetBucketLocation``,
    ``GetBucketReplication`` and ``GetBucketEncryption`` of S3, and one request for its
    list without any key.

    Readings:
        public: why anybody may see something of it: ``policy``, ``acl``, ``list``;
            absent where nobody may.
        block: whether Amazon's four switches against that are all on.
        versioning: whether what is overwritten or deleted can be had back.
        object_lock: whether objects can be locked against deletion.
        region: where it is.
        elsewhere: whether that is another region than the database's.
        replicas: rules by which objects are copied to other buckets.
        encryption: how new objects are encrypted unless they say otherwise:
            ``aws:kms`` by a key of the owner's, ``AES256`` by the store's own;
            absent where they are not.

    Attributes:
        database_region: where the database runs, such as ``eu-central-1`` or
            ``own-datacentre``; nobody but the operator knows.

    Raises:
        ProbeError: the bucket cannot be asked.
    """

    database_region: str = ""

    readings: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "public",
            "block",
            "versioning",
            "object_lock",
            "region",
            "elsewhere",
            "replicas",
            "encryption",
        ),
        "",
    )
    naming: ClassVar[frozenset[str]] = frozenset({"public", "region", "encryption"})

    async def measure(self, sources: Sources) -> Measurement:
        self.demand_readable()
        asked = await asyncio.gather(*(self._asked(sources, name) for name in _ASKED))
        answers = dict(zip(_ASKED, asked, strict=True))
        anybody = await open_to_all(self, sources)
        said = {k: v for k, v in answers.items() if not isinstance(v, ProbeError)}
        region = _location(said.get("location"))
        blocked = _blocked(said.get("publicAccessBlock"))
        ways = _ways(said.get("policyStatus"), said.get("acl"), blocked, anybody)
        found: dict[str, tuple[bool | int | str | None, tuple[str, ...]]] = {
            # One way that is known is enough to tell; none takes that all were seen.
            "public": (", ".join(ways) or None, () if ways else _PUBLIC),
            "block": (set(_BLOCKS) <= blocked, ("publicAccessBlock",)),
            "versioning": (_on(said, "versioning", "Status"), ("versioning",)),
            "object_lock": (_on(said, "object-lock", "ObjectLockEnabled"), (_LOCK,)),
            "region": (region, ("location",)),
            "replicas": (
                texts(said.get("replication"), "Rule/Status").count("Enabled"),
                ("replication",),
            ),
            "encryption": (_encrypted(said.get("encryption")), ("encryption",)),
        }
        lacking = {}
        for name, (_, needs) in found.items():
            for problem in (answers[need] for need in needs):
                if isinstance(problem, ProbeError):
                    lacking[name] = str(problem)
        readings = [
            Reading(name, value)
            for name, (value, _) in found.items()
            if name not in lacking
        ]
        if self.database_region:
            readings.append(Reading("elsewhere", region != self.database_region))
        else:
            lacking["elsewhere"] = "no [object_storage] database_region in the profile"
        lines = [f"{each.name}: {_told(each)}" for each in readings]
        lines += [f"{name}: unknown, {why}" for name, why in lacking.items()]
        by_name = {each.name: each for each in readings}
        return Measurement(by_name, "\n".join(lines), lacking=lacking)

    async def _asked(self, sources: Sources, name: str) -> Element | ProbeError | None:
        """Return what *name* is set to; one that is not answered harms no other.

        Raises:
            ProbeError: the bucket itself cannot be asked.
        """
        try:
            return await setting(self, sources, name)
        except ProbeError as error:
            if name == "location" or error.stage not in ("http", "query"):
                raise
            return error


def _location(root: Element | None) -> str:
    text = (root.text or "").strip() if root is not None else ""
    return text or FIRST


def _on(said: Mapping[str, Element | None], name: str, path: str) -> bool:
    return says(said.get(name), path, {"Enabled"})


def _encrypted(root: Element | None) -> str | None:
    path = "Rule/ApplyServerSideEncryptionByDefault/SSEAlgorithm"
    return next(iter(texts(root, path)), None)


def _blocked(root: Element | None) -> set[str]:
    return {name for name in _BLOCKS if says(root, name, {"true", "TRUE"})}


def _ways(
    status: Element | None, acl: Element | None, blocked: set[str], anybody: bool
) -> list[str]:
    ways = []
    if says(status, "IsPublic", {"true", "TRUE"}):
        ways += [] if "RestrictPublicBuckets" in blocked else ["policy"]
    if says(acl, "AccessControlList/Grant/Grantee/URI", _EVERYBODY):
        ways += [] if "IgnorePublicAcls" in blocked else ["acl"]
    return [*ways, "list"] if anybody else ways


def _told(reading: Reading) -> str:
    return "no" if reading.value is None else shown(reading)
