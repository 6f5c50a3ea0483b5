"""Steps of the shipped runbook on backups that are kept in a bucket.

The bucket is one of moto's server; what each step must say is the customer's own
table of bounds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runbooks.probes.postgres_server import PostgresServer, postgres_server
from tests.runbooks.probes.s3_server import REGION, S3Server, s3_server
from tests.runbooks.production_steps import find

REMOTE = ("storage.backup-target", "backup.media.remote", "dr.offsite")


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture(scope="module")
def bucket(s3: S3Server) -> str:
    """A bucket as it should be."""
    name = s3.bucket("acme-backups", ObjectLockEnabledForBucket=True)
    s3.put(name, "backups/postgres/transcripts_daily_20261124_020000.sql.gz")
    s3.put(name, "media/20261124_020000/a.mp4")
    versioning = {"Status": "Enabled"}
    s3.client.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioning)
    return name


@pytest.fixture
def media(tmp_path: Path) -> Path:
    """Local snapshots of the same media."""
    (tmp_path / "20261124_020000").mkdir()
    (tmp_path / "20261124_020000" / "a.mp4").write_text("x")
    (tmp_path / "current").symlink_to("20261124_020000")
    return tmp_path


def storage(s3: S3Server, bucket: str, tmp_path: Path, **more: Any) -> dict[str, Any]:
    """Return the profile's table of this bucket, its secret in a file."""
    secret = tmp_path / "secret"
    secret.write_text(s3.reader[1])
    secret.chmod(0o600)
    said = s3.asking(bucket, database_region="own-datacentre", **more)
    del said["secret_access_key"]
    return {**said, "secret_access_key.file": str(secret)}


@pytest.mark.parametrize("step_id", REMOTE)
async def test_a_good_bucket_passes(
    s3: S3Server, bucket: str, media: Path, step_id: str
) -> None:
    found = await find(
        step_id,
        {"remote_backups": "s3"},
        object_storage=storage(s3, bucket, media),
        backups={"media_directory": str(media)},
    )
    assert found.result == "pass", found
    assert s3.reader[1] not in repr(found)


@pytest.mark.parametrize("step_id", REMOTE)
async def test_none_fails_where_a_person_says_so(step_id: str) -> None:
    found = await find(step_id, {"remote_backups": "none"})
    assert found.result == "fail" and "none" in found.reason


@pytest.mark.parametrize("step_id", REMOTE)
async def test_nothing_is_known_where_nobody_says_anything(step_id: str) -> None:
    found = await find(step_id, {})
    assert found.result == "unknown", found


@pytest.mark.parametrize("step_id", [*REMOTE, "backup.db.wal-remote"])
async def test_practice_has_no_remote_store(step_id: str) -> None:
    facts = {"remote_backups": "none", "practice": True}
    found = await find(step_id, facts)
    assert (found.result, found.reason) == ("n/a", "by fact: practice is true")


@pytest.mark.parametrize("step_id", REMOTE)
async def test_other_stores_are_unknown_and_say_how_to_look(
    s3: S3Server, bucket: str, media: Path, step_id: str
) -> None:
    found = await find(
        step_id,
        {"remote_backups": "gcs"},
        object_storage=storage(s3, bucket, media, url="gs://acme-backups"),
        backups={"media_directory": str(media)},
    )
    assert found.result == "unknown" and "gcloud storage ls" in found.reason


async def test_a_bucket_in_the_same_region_without_versions_warns(
    s3: S3Server, media: Path
) -> None:
    name = s3.bucket("acme-near")
    s3.put(name, "backups/postgres/transcripts.sql.gz")
    table = storage(s3, name, media) | {"database_region": REGION}
    facts = {"remote_backups": "s3"}
    for step_id in ("storage.backup-target", "dr.offsite"):
        found = await find(step_id, facts, object_storage=table)
        assert found.result == "warn", found


@pytest.mark.parametrize("gone", ["missing", "forbidden", "empty", "closed"])
async def test_what_turns_the_backup_target(
    s3: S3Server, media: Path, gone: str
) -> None:
    name = s3.bucket(f"acme-{gone}") if gone != "missing" else "acme-missing"
    table = storage(s3, name, media)
    if gone == "forbidden":
        table["access_key_id"] = s3.stranger[0]
        Path(table["secret_access_key.file"]).write_text(s3.stranger[1])
    if gone == "closed":
        table["endpoint"] = "http://127.0.0.1:1"
    found = await find(
        "storage.backup-target", {"remote_backups": "s3"}, object_storage=table
    )
    assert found.result == "fail", found


async def test_with_a_wrong_key_the_backup_target_is_unknown(
    s3: S3Server, bucket: str, media: Path
) -> None:
    table = storage(s3, bucket, media)
    Path(table["secret_access_key.file"]).write_text("hunter2hunter2")
    found = await find(
        "storage.backup-target", {"remote_backups": "s3"}, object_storage=table
    )
    assert found.result == "unknown" and "hunter2" not in repr(found)


async def test_a_lifecycle_that_deletes_too_early_fails(
    s3: S3Server, media: Path
) -> None:
    name = s3.bucket("acme-short")
    facts = {"remote_backups": "s3"}
    env = media / "backup.env"
    env.write_text("BACKUP_DIR=/backups\n")
    tables = {
        "object_storage": storage(s3, name, media),
        "settings": {"env_file": str(env)},
    }
    found = await find("storage.backup-retention", facts, **tables)
    assert found.result == "pass", found
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": "backups/"}}
    rules = {"Rules": [{**rule, "Expiration": {"Days": 90}}]}
    s3.client.put_bucket_lifecycle_configuration(
        Bucket=name, LifecycleConfiguration=rules
    )
    found = await find("storage.backup-retention", facts, **tables)
    assert found.result == "fail" and "90 d" in found.reason


@pytest.mark.parametrize(
    ("algorithm", "result"), [("", "fail"), ("AES256", "warn"), ("aws:kms", "pass")]
)
async def test_in_a_cluster_the_bucket_says_whether_it_encrypts(
    s3: S3Server, media: Path, algorithm: str, result: str
) -> None:
    name = s3.bucket(f"acme-{result}-encryption")
    if algorithm:
        rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": algorithm}}
        s3.client.put_bucket_encryption(
            Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]}
        )
    facts = {"platform": "kubernetes", "remote_backups": "s3"}
    table = storage(s3, name, media)
    found = await find("backup.db.encryption", facts, object_storage=table)
    assert found.result == result, found


@pytest.mark.parametrize(
    "step_id",
    [
        *("ops.daily-backups", "post24h.backup"),
        *("maintenance.rollback", "backup.db.retention"),
    ],
)
async def test_in_a_cluster_the_newest_dump_is_the_buckets(
    s3: S3Server, bucket: str, media: Path, step_id: str
) -> None:
    facts = {"platform": "kubernetes", "remote_backups": "s3"}
    tables = {
        "object_storage": storage(s3, bucket, media),
        "settings": {"backup_env_file": str(media / "backup.env")},
    }
    (media / "backup.env").write_text("BACKUP_DIR=/backups\n")
    for name, wanted in ((bucket, "pass"), (s3.bucket(f"empty-{step_id}"), "fail")):
        tables["object_storage"]["url"] = f"s3://{name}"
        found = await find(step_id, facts, **tables)
        said = {j.result for j in found.judged if j.source.startswith("object")}
        assert wanted in said, found


async def test_media_in_glacier_warn_and_media_that_are_not_there_fail(
    s3: S3Server, media: Path
) -> None:
    name = s3.bucket("acme-cold")
    facts = {"remote_backups": "s3"}
    tables = {
        "object_storage": storage(s3, name, media),
        "backups": {"media_directory": str(media)},
    }
    assert (await find("backup.media.remote", facts, **tables)).result == "fail"
    s3.put(name, "media/20261124_020000/a.mp4", StorageClass="GLACIER")
    assert (await find("backup.media.remote", facts, **tables)).result == "warn"


@pytest.mark.parametrize(
    ("tags", "result"),
    [
        ((), "fail"),
        (("owner",), "warn"),
        (("owner", "environment", "cost-center"), "pass"),
    ],
)
async def test_tags(
    s3: S3Server, media: Path, tags: tuple[str, ...], result: str
) -> None:
    name = s3.bucket(f"acme-tags-{len(tags)}")
    if tags:
        said = [{"Key": tag, "Value": "x"} for tag in tags]
        s3.client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": said})
    table = storage(s3, name, media)
    found = await find("cost.tagging", {"remote_backups": "s3"}, object_storage=table)
    assert found.result == result, found


@pytest.fixture(scope="module")
def archiving() -> Iterator[PostgresServer]:
    """A server that has archived a segment."""
    settings = ("wal_level = replica", "archive_mode = on", "archive_command = 'true'")
    with postgres_server(*settings) as server:
        server.psql("create table t (x int)", "select pg_switch_wal()")
        deadline = time.monotonic() + 60
        while server.psql("select archived_count > 0 from pg_stat_archiver") != "t":
            assert time.monotonic() < deadline, "nothing was archived"
            time.sleep(0.05)
        yield server


def database(server: PostgresServer, tmp_path: Path) -> dict[str, str]:
    dsn = tmp_path / "dsn"
    dsn.write_text(server.dsn())
    return {"dsn.file": str(dsn)}


async def test_wal_in_a_bucket(
    s3: S3Server, archiving: PostgresServer, tmp_path: Path
) -> None:
    name = s3.bucket("acme-wal")
    tables = {
        "object_storage": storage(s3, name, tmp_path, wal_prefix="wal_005/"),
        "postgres": database(archiving, tmp_path),
    }
    facts = {"remote_backups": "s3"}
    assert (await find("backup.db.wal-remote", facts, **tables)).result == "fail"
    s3.put(name, "wal_005/000000010000000000000001.lz4")
    found = await find("backup.db.wal-remote", facts, **tables)
    assert found.result == "pass", found
    del tables["object_storage"]["wal_prefix"]
    found = await find("backup.db.wal-remote", facts, **tables)
    assert found.result == "unknown" and "wal_prefix" in found.reason


async def test_wal_on_the_local_disk_alone_warns(
    archiving: PostgresServer, tmp_path: Path
) -> None:
    found = await find(
        "backup.db.wal-remote",
        {"remote_backups": "none"},
        postgres=database(archiving, tmp_path),
    )
    assert found.result == "warn", found
