"""How buckets are set up, against moto's server, which checks every signature."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.s3_server import ANYONE, S3Server, s3_server
from tests.runbooks.probes.site import Asked, Says, Site


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


async def test_a_bucket_as_it_should_be(s3: S3Server) -> None:
    name = s3.bucket("good")
    s3.client.put_bucket_versioning(
        Bucket=name, VersioningConfiguration={"Status": "Enabled"}
    )
    s3.client.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/backups"}
    rule = {"ApplyServerSideEncryptionByDefault": by_default}
    s3.client.put_bucket_encryption(
        Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    asking = s3.asking(name, database_region="eu-west-1")
    seen = await look("object_storage.bucket", **asking)
    assert told(seen) == {
        "block": True,
        "versioning": True,
        "object_lock": False,
        "region": "eu-central-1",
        "elsewhere": True,
        "replicas": 0,
        "encryption": "aws:kms",
    }
    assert "public" in seen.readings and not seen.lacking


async def test_a_bucket_with_nothing_set(s3: S3Server) -> None:
    asking = s3.asking(s3.bucket("plain"), database_region="eu-central-1")
    seen = told(await look("object_storage.bucket", **asking))
    assert (seen["block"], seen["versioning"], seen["elsewhere"]) == (False,) * 3
    assert "public" not in seen and "encryption" not in seen


async def test_who_does_not_say_where_the_database_is_gets_no_answer(
    s3: S3Server,
) -> None:
    seen = await look("object_storage.bucket", **s3.asking(s3.bucket("somewhere")))
    assert "elsewhere" not in seen.readings
    assert "database_region" in seen.lacking["elsewhere"]


async def test_a_list_that_anybody_gets_is_public(s3: S3Server) -> None:
    seen = told(await look("object_storage.bucket", **s3.asking(s3.bucket(ANYONE))))
    assert seen["public"] == "list"


async def test_rights_for_everybody_are_public_until_they_are_ignored(
    s3: S3Server,
) -> None:
    name = s3.bucket("shouting")
    s3.client.put_bucket_acl(Bucket=name, ACL="public-read")
    policy = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}
    s3.client.put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    )
    seen = told(await look("object_storage.bucket", **s3.asking(name)))
    assert "acl" in str(seen["public"])
    s3.client.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration={
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
    )
    seen = told(await look("object_storage.bucket", **s3.asking(name)))
    assert "public" not in seen and seen["block"] is False


async def test_a_store_without_some_settings_still_tells_the_others(
    s3: S3Server, site: Site
) -> None:
    def answered(asked: Asked) -> Says:
        if "Authorization" not in asked.headers:
            return Says(403, "<Error><Code>AccessDenied</Code></Error>")
        match asked.path.partition("?")[2]:
            case "location":
                return Says(body="<LocationConstraint/>")
            case "versioning":
                return Says(
                    body="<VersioningConfiguration><Status>Enabled</Status>"
                    "</VersioningConfiguration>"
                )
            case "acl":
                return Says(403, "<Error><Code>AccessDenied</Code></Error>")
        return Says(501, "<Error><Code>NotImplemented</Code></Error>")

    site.answers["GET /minio/"] = answered
    asking = s3.asking("minio", endpoint=site.url, database_region="here")
    seen = await look("object_storage.bucket", **asking)
    assert told(seen) == {"versioning": True, "region": "us-east-1", "elsewhere": True}
    assert set(seen.lacking) == {
        *("public", "block", "object_lock", "replicas", "encryption")
    }
    assert "knows nothing of ?publicAccessBlock" in seen.lacking["block"]


async def test_what_moto_does_not_know_of(s3: S3Server, site: Site) -> None:
    block = "false"

    def answered(asked: Asked) -> Says:
        if "Authorization" not in asked.headers:
            return Says(403)
        rule = "<Rule><Status>Enabled</Status></Rule>"
        bodies = {
            "location": "<LocationConstraint>eu-west-1</LocationConstraint>",
            "policyStatus": "<PolicyStatus><IsPublic>TRUE</IsPublic></PolicyStatus>",
            "object-lock": "<ObjectLockConfiguration><ObjectLockEnabled>Enabled"
            "</ObjectLockEnabled></ObjectLockConfiguration>",
            "replication": f"<ReplicationConfiguration>{rule}{rule}<Rule>"
            "<Status>Disabled</Status></Rule></ReplicationConfiguration>",
            "publicAccessBlock": "<PublicAccessBlockConfiguration>"
            f"<RestrictPublicBuckets>{block}</RestrictPublicBuckets>"
            "</PublicAccessBlockConfiguration>",
        }
        name = asked.path.partition("?")[2]
        return Says(body=bodies.get(name, "<Nothing/>"))

    site.answers["GET /amazon/"] = answered
    asking = s3.asking("amazon", endpoint=site.url)
    seen = told(await look("object_storage.bucket", **asking))
    assert (seen["public"], seen["object_lock"], seen["replicas"]) == (
        "policy",
        True,
        2,
    )
    block = "true"
    seen = told(await look("object_storage.bucket", **asking))
    assert "public" not in seen


async def test_another_region_is_a_mistake_of_the_profile(
    s3: S3Server, site: Site
) -> None:
    said = "<Error><Code>AuthorizationHeaderMalformed</Code></Error>"
    site.get("/far/", status=400, body=said)
    site.get("/far", status=400, body=said)
    asking = s3.asking("far", endpoint=site.url)
    for name in ("object_storage", "object_storage.tags"):
        with pytest.raises(ProbeError, match="is in another region than") as caught:
            await look(name, **asking)
        assert caught.value.stage == "configuration"


@pytest.mark.parametrize("body", ["", "no XML", "<a><b></a>", "<a/>" + "x" * 100])
async def test_garbage_is_no_answer(s3: S3Server, site: Site, body: str) -> None:
    site.get("/odd/", body=body)
    asking = s3.asking("odd", endpoint=site.url)
    with pytest.raises(ProbeError, match="answered no XML") as caught:
        await look("object_storage.lifecycle", **asking)
    assert caught.value.stage == "query"


async def test_nobody_may_look(s3: S3Server) -> None:
    key, secret = s3.stranger
    asking = s3.asking(s3.bucket("closed"), access_key_id=key, secret_access_key=secret)
    for name in ("bucket", "lifecycle", "tags"):
        with pytest.raises(ProbeError, match="forbidden") as caught:
            await look(f"object_storage.{name}", **asking)
        assert caught.value.stage == "http"
        assert secret not in str(caught.value)
