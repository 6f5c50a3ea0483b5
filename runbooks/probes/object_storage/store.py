"""Lists what lies in a bucket: the one place that knows obstore.

obstore speaks to Amazon S3 and what is compatible with it, to Google and to Azure.
Only S3 is read, because nothing else was ever tried against a real service.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from runbooks.errors import ProbeError
from runbooks.probes.base import Duration, Probe
from runbooks.probes.sources import Sources

if TYPE_CHECKING:
    from obstore.store import ObjectStore, S3Credential

MOST = 200_000
"""Objects that are listed; beyond that a longer prefix has to be named."""
PAGE = 1000
"""Objects that S3 lists in one answer."""
LONGEST = 10
"""Seconds that any one request may take; a probe has its own budget."""
SCHEMES: Mapping[str, str] = {
    "s3": "",
    "gs": "`gcloud storage ls -l --recursive gs://BUCKET/backups/postgres/`",
    "az": "`az storage blob list --container-name CONTAINER --prefix backups/`",
}
"""What a URL may begin with, and how to look without gonogo where it does not."""

_WRONG_KEY = (
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"),
    "RequestTimeTooSkewed",
)
_STATUS = re.compile(
    r"non-2xx status code: (\d+)[^<]*(?:<.*?<Code>(\w+)</Code>)?", re.S
)
_KIND = re.compile(r"\bkind: (\w+)")
_NAME = re.compile(r"dns error|failed to lookup", re.I)
_TLS = re.compile(r"certificate|tls|InvalidMessage|handshake", re.I)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object; *modified* in seconds since 1970, *size* in bytes."""

    key: str
    modified: float
    size: int


class StorageProbe(Probe, frozen=True, kw_only=True):
    """Looks at one bucket.

    Attributes:
        url: such as ``s3://BUCKET``; ``gs://`` and ``az://`` are known and not read.
        endpoint: URL of a store that is not Amazon's own, such as MinIO's.
        region: of the bucket, as requests are signed for it.
        access_key_id, secret_access_key, session_token: who asks. It needs to be
            allowed ``s3:ListBucket`` and ``s3:GetBucket*``, nothing that writes.
        ca: file of certificate authorities to trust, for a store of one's own.
    """

    url: str
    endpoint: str = ""
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: str = ""
    session_token: str = ""
    ca: str = ""
    timeout: Duration = Duration(20)

    table: ClassVar[str] = "object_storage"
    server: ClassVar[str] = "object storage"

    @classmethod
    def complaints(cls, parameters: Mapping[str, Any]) -> list[str]:
        url = str(parameters.get("url", "${"))
        parts = urlsplit(url)
        fits = parts.scheme in SCHEMES and parts.netloc and "@" not in parts.netloc
        if "${" not in url and not fits:
            return ["url names no bucket; write s3://BUCKET"]
        return []

    @property
    def bucket(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def own_host(self) -> bool:
        """Whether the bucket is a host, which a certificate covers without dots."""
        return not self.endpoint and "." not in self.bucket

    @property
    def address(self) -> str:
        """URL of the bucket, without a slash at its end."""
        if self.own_host:
            return f"https://{self.bucket}.s3.{self.region}.amazonaws.com"
        endpoint = self.endpoint or f"https://s3.{self.region}.amazonaws.com"
        return f"{endpoint.rstrip('/')}/{self.bucket}"

    @property
    def source(self) -> str:
        return f"object storage {self.bucket}"

    def failed(self, problem: str, stage: str) -> ProbeError:
        return ProbeError(
            f"the bucket {self.bucket} {problem}", source=self.source, stage=stage
        )

    def demand_readable(self) -> None:
        """Refuse what cannot be read.

        Raises:
            ProbeError: it is no S3, or nobody said who asks.
        """
        scheme = urlsplit(self.url).scheme
        if command := SCHEMES[scheme]:
            said = f"is at {scheme}://, which gonogo cannot read yet; look with "
            raise self.failed(said + command, "configuration")
        if not (self.access_key_id and self.secret_access_key):
            said = "needs access_key_id and secret_access_key of [object_storage]"
            raise self.failed(said, "configuration")

    async def objects(self, sources: Sources, prefix: str) -> list[StoredObject]:
        """Return the objects whose keys begin with *prefix*, asking once a pass.

        Raises:
            ProbeError: the bucket cannot be asked, or holds more than `MOST`.
        """
        self.demand_readable()
        key = ("object storage", self.url, self.endpoint, self.access_key_id, prefix)
        return await sources.once(key, lambda: self._listed(sources, prefix))

    async def _listed(self, sources: Sources, prefix: str) -> list[StoredObject]:
        await asyncio.to_thread(import_module, "obstore.store")
        import obstore
        from obstore.exceptions import BaseError

        # The library knows whole directories only: what it is given ends before
        # the last slash, and the rest is compared here.
        directory = prefix.rpartition("/")[0]
        found: list[StoredObject] = []
        try:
            store = self._store()
            sources.asked(self.source)
            async for chunk in obstore.list(store, directory or None, chunk_size=PAGE):
                if len(chunk) == PAGE:
                    sources.asked(self.source)
                found += [
                    StoredObject(
                        each["path"], each["last_modified"].timestamp(), each["size"]
                    )
                    for each in chunk
                    if each["path"].startswith(prefix)
                ]
                if len(found) > MOST:
                    said = f"holds more than {MOST} objects below {prefix!r}"
                    raise self.failed(f"{said}; name a longer prefix", "query")
        except (BaseError, OSError, ValueError) as error:
            raise self._explained(str(error)) from error
        return found

    def _store(self) -> ObjectStore:
        """Return the library's store; nothing of the environment counts for it.

        Raises:
            ProbeError: the certificate authorities cannot be read.
        """
        from obstore.store import S3Store

        options: dict[str, Any] = {
            "allow_http": self.address.startswith("http:"),
            "timeout": f"{LONGEST}s",
            "connect_timeout": f"{LONGEST}s",
            # The one way to use none: a proxy that this host is excluded from.
            "proxy_url": "http://unused.invalid",
            "proxy_excludes": urlsplit(self.address).hostname,
        }
        if self.ca:
            try:
                options["root_certificate"] = Path(self.ca).read_bytes()
            except OSError as error:
                said = f"cannot be trusted: {self.ca}: {error.strerror}"
                raise self.failed(said, "configuration") from error
        address = self.address
        return S3Store(
            self.bucket,
            region=self.region,
            endpoint=address if self.own_host else address.rpartition("/")[0],
            virtual_hosted_style_request=self.own_host,
            skip_signature=False,
            credential_provider=self._credential,
            client_options=options,  # type: ignore[arg-type]
            retry_config={"max_retries": 0},
        )

    def _credential(self) -> S3Credential:
        return {
            "access_key_id": self.access_key_id,
            "secret_access_key": self.secret_access_key,
            "token": self.session_token or None,
            "expires_at": None,
        }

    def _explained(self, said: str) -> ProbeError:
        """Return what a failure means; *said* may hold addresses and is not told."""
        if match := _STATUS.search(said):
            return self.refused(int(match[1]), match[2] or "")
        kind = match[1] if (match := _KIND.search(said)) else ""
        if kind == "Timeout":
            return self.failed(f"gave no answer in {LONGEST} s", "timeout")
        if _NAME.search(said):
            return self.failed("is at a host that has no address", "name")
        if _TLS.search(said):
            return self.failed("is at a host whose TLS or certificate fails", "tls")
        if kind == "Connect":
            return self.failed("is at a host that took no connection", "tcp")
        return self.failed("gave no answer that an S3 store gives", "query")

    def refused(self, status: int, code: str) -> ProbeError:
        """Return what an answer with this status and this error code means.

        A bucket that is not there or forbids whoever asks has answered so: its
        stage is ``http``. Where the key itself is wrong, nobody has looked.
        """
        why = f"{status} {code}".strip()
        if code == "NoSuchBucket" or (status == 404 and not code):
            return self.failed(f"is not there ({why})", "http")
        if code in _WRONG_KEY:
            return self.failed(f"was asked with a wrong access key ({why})", "login")
        if status in (401, 403):
            return self.failed(f"is forbidden to this access key ({why})", "http")
        if status in (301, 307) or code == "AuthorizationHeaderMalformed":
            said = f"is in another region than {self.region} ({why})"
            return self.failed(said, "configuration")
        return self.failed(f"answered {why}", "query")
