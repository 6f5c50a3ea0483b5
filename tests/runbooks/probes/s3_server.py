"""An S3 store of our own: moto's server, which checks who asks and what for."""

from __future__ import annotations

import json
import logging
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.serving import make_server

REGION = "eu-central-1"
ANYONE = "open-to-all"
"""A bucket that whoever asks without a key may list."""


@dataclass
class S3Server:
    """One store.

    Attributes:
        reader: access key and secret of somebody who may do everything with S3.
        stranger: those of somebody who may do nothing.
        client: boto3's, with the rights of the reader.
    """

    url: str
    reader: tuple[str, str]
    stranger: tuple[str, str]
    client: Any

    def bucket(self, name: str, region: str = REGION, **given: Any) -> str:
        place = {"LocationConstraint": region}
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration=place, **given)
        return name

    def put(self, bucket: str, key: str, body: bytes = b"x", **given: Any) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=body, **given)

    def asking(self, bucket: str, **more: Any) -> dict[str, Any]:
        """Return the parameters of a probe of this bucket."""
        return {
            "url": f"s3://{bucket}",
            "endpoint": self.url,
            "region": REGION,
            "access_key_id": self.reader[0],
            "secret_access_key": self.reader[1],
            **more,
        }


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run a store that checks signatures and rights."""
    with serving() as url:
        yield _ready(url)


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve moto's one store of this process; return the URL.

    moto does not know requests without a signature once it checks them, so those
    are answered here as Amazon does.
    """
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    moto = DomainDispatcherApplication(create_backend_app)

    def application(
        environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if "HTTP_AUTHORIZATION" in environ or path.startswith("/moto-api/"):
            return moto(environ, start)
        if path.strip("/") == ANYONE:
            start("200 OK", [("Content-Type", "application/xml")])
            return [b"<ListBucketResult/>"]
        start("403 Forbidden", [("Content-Type", "application/xml")])
        return [b"<Error><Code>AccessDenied</Code></Error>"]

    server = make_server("127.0.0.1", 0, application, threaded=True, ssl_context=tls)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
    try:
        yield f"{scheme}://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _ready(url: str) -> S3Server:
    import httpx

    httpx.post(f"{url}/moto-api/reset")
    httpx.post(f"{url}/moto-api/reset-auth", content="inf")
    iam = _client("iam", url, ("testing", "testing"))
    keys = []
    for name, allowed in (("reader", True), ("stranger", False)):
        iam.create_user(UserName=name)
        if allowed:
            statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(
                UserName=name, PolicyName="all", PolicyDocument=document
            )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        keys.append((key["AccessKeyId"], key["SecretAccessKey"]))
    httpx.post(f"{url}/moto-api/reset-auth", content="0")
    reader, stranger = keys
    return S3Server(url, reader, stranger, _client("s3", url, reader))


def _client(service: str, url: str, keys: tuple[str, str]) -> Any:
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
    )
