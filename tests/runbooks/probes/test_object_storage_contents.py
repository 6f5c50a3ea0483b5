"""What deletes, marks and fills a bucket, against moto's server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.runbooks.probes.looking import look, told
from tests.runbooks.probes.s3_server import S3Server, s3_server

DAY = 86_400


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


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
    for each in ("é 1.mp4", "b c.mp4", "d/e+f~.mp4"):
        s3.put(name, f"media/20260102_020000/{each}", StorageClass="GLACIER")
    local = tmp_path / "20260102_020000"
    (local / "d").mkdir(parents=True)
    for each in ("é 1.mp4", "b c.mp4", "d/e+f~.mp4", "new.mp4"):
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
