"""Signatures of requests to S3 against the examples that Amazon publishes.

Source: "Signature Calculations for the Authorization Header", examples of GET Object,
GET Bucket Lifecycle and GET Bucket (List Objects).
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runbooks.probes.object_storage.signing import signed


@pytest.mark.parametrize(
    ("query", "more", "signature"),
    [
        ("/?lifecycle", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a01"),
        (
            "/?max-keys=2&prefix=J",
            {},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db66",
        ),
        ("/test.txt", {"Range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f"),
    ],
)
def test_signatures_are_those_of_amazons_examples(
    query: str, more: dict[str, str], signature: str
) -> None:
    key = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    url = f"https://examplebucket.s3.amazonaws.com{query}"
    then = datetime(2013, 5, 24, tzinfo=UTC)
    headers = signed(url, "us-east-1", key, more=more, now=then)
    assert f"Signature={signature}" in headers["Authorization"]
