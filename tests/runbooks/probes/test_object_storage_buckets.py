"""How buckets are set up, against moto's server, which checks every signature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from runbooks.errors import ProbeError
from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.s3_server import ANYONE, S3Server, s3_server
from tests.runbooks.probes.site import Asked, Says, Site

DAY = 86_400


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
    asking = s3.asking(name, database_region="eu-west-1")
    seen = await look("object_storage.bucket", **asking)
    assert told(seen) == {
        "block": True,
        "versioning": True,
        "object_lock": False,
        "region": "eu-central-1",
        "elsewhere": True,
        "replicas": 0,
    }
    assert "public" in seen.readings and not seen.lacking


async def test_a_bucket_with_nothing_set(s3: S3Server) -> None:
    asking = s3.asking(s3.bucket("plain"), database_region="eu-central-1")
    seen = told(await look("object_storage.bucket", **asking))
    assert (seen["block"], seen["versioning"], seen["elsewhere"]) == (False,) * 3
    assert "public" not in seen


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
    assert set(seen.lacking) == {"public", "block", "object_lock", "replicas"}
    assert "knows nothing of ?publicAccessBlock" in seen.lacking["block"]


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


async def test_rules_that_delete_backups(s3: S3Server) -> None:
    name = s3.bucket("pruned")
    seen = await look("object_storage.lifecycle", **s3.asking(name))
    assert not told(seen) and {"expires", "rules"} == set(seen.readings)
    date = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rules = [
        {"ID": "old", "Filter": {"Prefix": "backups/"}, "Expiration": {"Days": 400}},
        {"ID": "media", "Filter": {"Prefix": "media/"}, "Expiration": {"Days": 30}},
        {
            "ID": "once",
            "Filter": {"Prefix": ""},
            "Expiration": {"Date": date + timedelta(days=700)},
        },
        {"ID": "off", "Status": "Disabled", "Expiration": {"Days": 1}},
    ]
    whole = [{"Status": "Enabled", **rule} for rule in rules]
    whole[-1]["Filter"] = {"Prefix": ""}
    s3.client.put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration={"Rules": whole}
    )
    seen = await look("object_storage.lifecycle", **s3.asking(name))
    assert told(seen) == {"expires": 400 * DAY, "rules": "old, once"}
    seen = await look("object_storage.lifecycle", **s3.asking(name, prefix="media/"))
    assert told(seen)["expires"] == 30 * DAY


async def test_tags(s3: S3Server) -> None:
    name = s3.bucket("tagged")
    assert told(await look("object_storage.tags", **s3.asking(name))) == {
        "tags": 0,
        "missing": "owner, environment, cost-center",
    }
    tags = [{"Key": "Owner", "Value": "t1"}, {"Key": "environment", "Value": "t2"}]
    s3.client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    seen = await look("object_storage.tags", **s3.asking(name))
    assert told(seen) == {"tags": 2, "missing": "cost-center"}
    assert "t1" not in seen.evidence


async def test_segments_of_wal(s3: S3Server) -> None:
    name = s3.bucket("wal")
    asking = s3.asking(name, wal_prefix="wal_005/")
    seen = await look("object_storage.wal", **asking)
    assert told(seen) == {"count": 0} and "age" in seen.readings
    first, second = "000000010000000000000002", "000000010000000000000003"
    s3.put(name, f"wal_005/{first}.lz4")
    s3.put(name, f"wal_005/{second}.lz4")
    s3.put(name, f"wal_005/{second}.00000028.backup.lz4")
    s3.put(name, "wal_005/00000002.history.lz4")
    seen = await look("object_storage.wal", **asking)
    assert told(seen)["count"] == 2 and told(seen)["segment"] == second
    brest = f"archive/main/16-1/0000000100000000/{first}-{'ab' * 20}.gz"
    s3.put(name, brest)
    seen = await look("object_storage.wal", **s3.asking(name, wal_prefix="archive/"))
    assert told(seen)["segment"] == first


async def test_snapshots_of_media(s3: S3Server, tmp_path: Path) -> None:
    name = s3.bucket("media-copies")
    asking = s3.asking(name, media_directory=str(tmp_path))
    assert told(await look("object_storage.media", **asking)) == {"snapshots": 0}
    s3.put(name, "media/20260101_020000/one.mp4")
    for each in ("a.mp4", "b c.mp4", "d/e.mp4"):
        s3.put(name, f"media/20260102_020000/{each}", StorageClass="GLACIER")
    local = tmp_path / "20260102_020000"
    (local / "d").mkdir(parents=True)
    for each in ("a.mp4", "b c.mp4", "d/e.mp4", "new.mp4"):
        (local / each).write_text("x")
    (tmp_path / "current").symlink_to(local.name)
    seen = await look("object_storage.media", **asking)
    assert told(seen) | {"age": 0} == {
        "snapshots": 2,
        "age": 0,
        "files": 3,
        "share": 75.0,
        "storage_class": "GLACIER",
    }
    asking["media_directory"] = str(tmp_path / "nowhere")
    seen = await look("object_storage.media", **asking)
    assert "share" not in seen.readings and "compare" in seen.lacking["share"]


async def test_what_the_profile_says() -> None:
    seen = await look("object_storage.declared", remote="none")
    assert told(seen) == {"remote": "none"}
