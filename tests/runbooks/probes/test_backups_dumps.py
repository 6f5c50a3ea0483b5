"""What dumps are worth: real ones of pg_dump, and what may become of them."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.backups.contents import contents
from runbooks.probes.backups.dumps import ContentsProbe
from runbooks.probes.backups.listing import listed
from runbooks.probes.base import Measurement
from runbooks.probes.sources import Sources
from runbooks.rehearsal import Deployment
from tests.runbooks.probes.practice import pg_dump

HOUR = 3600.0


async def look(directory: Path, **parameters: object) -> Measurement:
    probe = ContentsProbe(directory=str(directory), **parameters)  # type: ignore[arg-type]
    async with Sources() as sources:
        return await probe.look(sources)


def value(seen: Measurement, name: str) -> object:
    reading = seen.reading(name)
    assert reading is not None, f"{name} is missing: {seen}"
    return reading.value


@pytest.fixture(scope="module")
def plain(practice: Deployment, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What pg_dump writes as plain SQL."""
    path = tmp_path_factory.mktemp("dump") / "plain.sql"
    return pg_dump(practice, path, "--format=plain").read_bytes()


@pytest.fixture
def keep(tmp_path: Path) -> Callable[..., Path]:
    """Write a dump that is so many hours old, with its checksum unless told not to."""

    def write(
        content: bytes, hours: float, ending: str = ".sql.gz", checksum: str = "right"
    ) -> Path:
        when = datetime.now() - timedelta(hours=hours)
        directory = tmp_path / "daily"
        directory.mkdir(exist_ok=True)
        name = f"transcripts_daily_{when:%Y%m%d_%H%M%S}{ending}"
        path = directory / name
        path.write_bytes(content)
        os.utime(path, (when.timestamp(), when.timestamp()))
        digest = hashlib.sha256(content).hexdigest()
        line = {"right": f"{digest}  {name}\n", "wrong": f"{'0' * 64}  {name}\n"}
        if checksum:
            sums = line.get(checksum, checksum.format(digest=digest))
            path.with_name(f"{name}.sha256").write_text(sums)
        return path

    return write


async def test_the_backups_of_a_running_deployment_are_whole(
    practice: Deployment,
) -> None:
    seen = await look(practice.directory / "backups")
    assert value(seen, "valid") == 3
    assert value(seen, "invalid") is None
    assert value(seen, "without_checksum") is None
    assert value(seen, "unproven") is None
    age = value(seen, "age")
    assert isinstance(age, float) and 0 <= age < 26 * HOUR
    assert value(seen, "shrunk") == value(seen, "grown") == 0
    assert "gzip, plain SQL" in seen.evidence and "checksum agrees" in seen.evidence


async def test_a_truncated_dump_is_found_and_the_one_before_counts(
    keep: Callable[..., Path], plain: bytes
) -> None:
    packed = gzip.compress(plain)
    keep(packed, 30)
    keep(packed[: len(packed) // 2], 5, checksum="")
    seen = await look(keep(packed, 54).parents[1])
    assert value(seen, "valid") == 2
    invalid = str(value(seen, "invalid"))
    assert "ends in the middle of its gzip stream" in invalid
    assert 29 * HOUR < float(str(value(seen, "age"))) < 31 * HOUR
    assert float(str(value(seen, "shrunk"))) > 40


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda sql: gzip.compress(sql)[:-9], "ends in the middle"),
        (lambda sql: _flipped(gzip.compress(sql)), "is damaged in its first"),
        (lambda sql: gzip.compress(sql) + b"rubbish", "is damaged in its first"),
        (lambda sql: gzip.compress(sql[: len(sql) // 2]), "lacks the last line"),
        (lambda sql: gzip.compress(sql + b"INSERT INTO x"), "lacks the last line"),
        (lambda sql: gzip.compress(b"no such host\n"), "holds no dump"),
        (lambda sql: b"", "is empty"),
    ],
)
async def test_what_damages_a_dump(
    keep: Callable[..., Path],
    plain: bytes,
    spoil: Callable[[bytes], bytes],
    said: str,
) -> None:
    seen = await look(keep(spoil(plain), 3).parents[1])
    assert said in str(value(seen, "invalid"))
    assert value(seen, "age") is None
    assert value(seen, "valid") == 0


def _flipped(packed: bytes) -> bytes:
    """Change one bit of the CRC, which is all that tells."""
    return packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:]


@pytest.mark.parametrize(
    ("checksum", "said"),
    [
        ("wrong", "differs from its checksum"),
        ("{digest}  transcripts_daily_20200101_020000.sql.gz\n", "that is about"),
        ("no checksum\n", "without a checksum"),
    ],
)
async def test_a_checksum_that_does_not_agree(
    keep: Callable[..., Path], plain: bytes, checksum: str, said: str
) -> None:
    seen = await look(keep(gzip.compress(plain), 3, checksum=checksum).parents[1])
    assert said in str(value(seen, "invalid"))


async def test_a_missing_checksum_is_told_and_the_dump_is_whole(
    keep: Callable[..., Path], plain: bytes
) -> None:
    # Two members, as `cat` or a resumed gzip makes them, and padding.
    half = len(plain) // 2
    packed = gzip.compress(plain[:half]) + gzip.compress(plain[half:]) + bytes(512)
    path = keep(packed, 3, checksum="")
    seen = await look(path.parents[1])
    assert value(seen, "valid") == 1
    assert value(seen, "without_checksum") == path.name


async def test_the_custom_format_needs_a_checksum(
    keep: Callable[..., Path], practice: Deployment, tmp_path: Path
) -> None:
    custom = pg_dump(practice, tmp_path / "custom", "--format=custom").read_bytes()
    tar = pg_dump(practice, tmp_path / "tar", "--format=tar").read_bytes()
    alone = keep(custom, 5, ".dump", checksum="")
    keep(tar, 3, ".tar")
    seen = await look(alone.parents[1])
    assert value(seen, "valid") == 1
    assert value(seen, "unproven") == alone.name
    assert "custom format" in seen.evidence and "tar" in seen.evidence


@pytest.mark.parametrize("tool", ["gpg", "openssl"])
async def test_encrypted_dumps_are_known_by_how_they_begin(
    keep: Callable[..., Path], plain: bytes, tmp_path: Path, tool: str
) -> None:
    if shutil.which(tool) is None:
        said = f"{tool} is not installed"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    commands = {
        "gpg": "gpg --homedir . --batch --passphrase x --symmetric -o - -",
        "openssl": "openssl enc -aes-256-cbc -pbkdf2 -pass pass:x",
    }
    sealed = subprocess.run(
        commands[tool].split(),
        input=gzip.compress(plain),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    ).stdout
    if tool == "gpg":
        subprocess.run(["gpgconf", "--homedir", tmp_path, "--kill", "all"], check=True)
    path = keep(sealed, 3, ".sql.gz.enc")
    seen = await look(path.parents[1])
    assert value(seen, "encrypted") == path.name
    assert value(seen, "valid") == 1
    assert f"{path.name}: {tool}" in seen.evidence


async def test_age_files_are_known_by_how_they_begin(
    keep: Callable[..., Path],
) -> None:
    path = keep(b"age-encryption.org/v1\n-> X25519 x\n", 3, ".age", checksum="")
    seen = await look(path.parents[1])
    assert value(seen, "encrypted") == value(seen, "unproven") == path.name
    assert value(seen, "age") is None


async def test_no_time_of_change_makes_an_old_dump_fresh(
    keep: Callable[..., Path], plain: bytes
) -> None:
    path = keep(gzip.compress(plain), 80)
    os.utime(path)
    seen = await look(path.parents[1])
    assert float(str(value(seen, "age"))) > 79 * HOUR
    ahead = time.time() + 400 * HOUR
    os.utime(path, (ahead, ahead))
    assert float(str(value(await look(path.parents[1]), "age"))) > 79 * HOUR


async def test_a_dump_from_the_future_does_not_count(
    keep: Callable[..., Path], plain: bytes
) -> None:
    keep(gzip.compress(plain), -300)
    seen = await look(keep(gzip.compress(plain), 40).parents[1])
    assert float(str(value(seen, "age"))) > 39 * HOUR
    assert "claims to be made in the future" in seen.evidence


async def test_a_dump_that_is_being_written_does_not_count(
    keep: Callable[..., Path], plain: bytes
) -> None:
    keep(gzip.compress(plain)[:100], 0, checksum="")
    seen = await look(keep(gzip.compress(plain), 20).parents[1])
    assert value(seen, "invalid") is None
    assert "is still being written" in seen.evidence


async def test_nothing_there_is_no_newest(tmp_path: Path) -> None:
    seen = await look(tmp_path)
    assert value(seen, "age") is None
    assert value(seen, "valid") == 0


async def test_a_directory_that_is_not_there_cannot_be_judged(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match="is not there") as caught:
        await look(tmp_path / "none")
    assert caught.value.source == f"files {tmp_path}/none"
    with pytest.raises(ProbeError, match="is not absolute"):
        await look(Path("backups"))


async def test_names_that_are_no_text_can_be_told(
    keep: Callable[..., Path], plain: bytes
) -> None:
    path = keep(gzip.compress(plain), 4)
    odd = os.fsencode(path).replace(b"daily_2", b"d\xff\n\x1b[31m_2")
    os.rename(path, odd)
    os.rename(f"{path}.sha256", odd + b".sha256")
    seen = await look(path.parents[1])
    assert "is about" in str(value(seen, "invalid"))
    assert "�" in str(value(seen, "invalid"))
    assert str(seen).encode()
    os.unlink(odd + b".sha256")
    assert value(await look(path.parents[1]), "valid") == 1


async def test_links_pipes_and_folders_are_no_dumps(
    keep: Callable[..., Path], plain: bytes
) -> None:
    path = keep(gzip.compress(plain), 4)
    loop = path.with_name("transcripts_daily_20990101_000000.sql.gz")
    loop.symlink_to(loop)
    path.with_name("transcripts_gone.sql.gz").symlink_to("nowhere")
    os.mkfifo(path.with_name("transcripts_pipe.sql.gz"))
    path.with_name("transcripts_folder.sql.gz").mkdir()
    (path.parents[1] / "weekly").symlink_to(path.parents[1] / "weekly")
    with pytest.raises(ProbeError, match="symbolic links"):
        await look(path.parents[1])
    (path.parents[1] / "weekly").unlink()
    assert value(await look(path.parents[1]), "valid") == 1


async def test_a_checksum_that_is_a_pipe_holds_nobody_up(
    keep: Callable[..., Path], plain: bytes
) -> None:
    path = keep(gzip.compress(plain), 4, checksum="")
    os.mkfifo(path.with_name(f"{path.name}.sha256"))
    with pytest.raises(ProbeError, match="no regular file"):
        await look(path.parents[1])


def test_a_dump_that_may_not_be_read_cannot_be_judged(
    keep: Callable[..., Path], plain: bytes
) -> None:
    kept = keep(gzip.compress(plain), 4)
    # Pytest's own directories are closed to others.
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        path = Path(place, "daily", kept.name)
        shutil.copytree(kept.parent, path.parent)
        path.chmod(0)
        assert as_nobody(Path(place)) == f"login {path}: Permission denied"
        path.chmod(0o644)
        assert as_nobody(Path(place)) == "1 valid"
        path.parent.chmod(0o700)
        assert as_nobody(Path(place)) == f"login {path.parent}: Permission denied"
        path.parent.chmod(0o755)


def as_nobody(directory: Path) -> str:
    """Look as a user who is not root, and return what comes of it."""
    look = (
        "import asyncio, sys; from runbooks.errors import ProbeError;"
        "from runbooks.probes.backups.dumps import ContentsProbe;"
        "from runbooks.probes.sources import Sources\n"
        "try:\n"
        "  seen = asyncio.run(ContentsProbe(directory=sys.argv[1]).look(Sources()))\n"
        "  print(seen.readings['valid'].value, 'valid')\n"
        "except ProbeError as error: print(error.stage, error)"
    )
    lower = ["setpriv", "--reuid=65534", "--clear-groups"] if not os.geteuid() else []
    return subprocess.run(
        [*lower, sys.executable, "-c", look, str(directory)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


async def test_a_large_dump_is_read_on_by_the_next_look(
    keep: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = random.Random(1).randbytes(40_000_000)
    end = b"\n--\n-- PostgreSQL database dump complete\n--\n\n"
    path = keep(b"--\n-- PostgreSQL database dump\n--\n" + rows + end, 4, ".sql")
    monkeypatch.setattr("runbooks.probes.backups.place._SHARE", 0)
    first = await look(path.parents[1])
    assert first.reading("age") is None and first.reading("invalid") is None
    assert f"read 0 B of 38.1 MiB of {path.name} in 30 s" in first.lacking["age"]
    monkeypatch.setattr("runbooks.probes.backups.place._SHARE", 0.0002)  # 6 ms
    for _ in range(200):
        seen = await look(path.parents[1])
        if seen.reading("age"):
            break
    assert value(seen, "valid") == 1


async def test_a_dump_that_unpacks_to_very_much_takes_little_memory(
    keep: Callable[..., Path],
) -> None:
    path = keep(gzip.compress(bytes(200_000_000), 1), 4)
    tracemalloc.start()
    seen = await look(path.parents[1])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "holds no dump" in str(value(seen, "invalid"))
    assert most < 8_000_000


async def test_what_was_read_is_not_read_again(
    keep: Callable[..., Path], plain: bytes
) -> None:
    path = keep(gzip.compress(plain), 4)
    assert value(await look(path.parents[1]), "valid") == 1
    before = path.stat()
    with path.open("r+b") as file:  # in a way that leaves no trace
        file.write(b"\0")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert value(await look(path.parents[1]), "valid") == 1
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns - 10**9))
    assert value(await look(path.parents[1]), "valid") == 0


async def test_another_file_under_the_same_name_is_told(
    keep: Callable[..., Path], plain: bytes
) -> None:
    path = keep(gzip.compress(plain), 4)
    (dump,) = listed(path.parents[1], "*.gz").dumps
    shutil.copy2(path, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    with pytest.raises(ProbeError, match="was replaced while it was looked at"):
        contents(dump).advance(time.monotonic() + 30)


async def test_twenty_thousand_other_files_hold_nobody_up(
    keep: Callable[..., Path], plain: bytes
) -> None:
    path = keep(gzip.compress(plain), 4)
    for number in range(20_000):
        os.mknod(path.with_name(f"other_{number}"))
    assert value(await look(path.parents[1]), "valid") == 1
    shutil.rmtree(path.parent)


async def test_more_dumps_than_any_retention_keeps_are_told(
    keep: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runbooks.probes.backups.place.MOST", 10)
    path = keep(b"x", 4)
    for number in range(10):
        shutil.copy(path, path.with_name(f"transcripts_{number}.sql.gz"))
    with pytest.raises(ProbeError, match="nothing is pruned"):
        await look(path.parents[1])
