"""Probes of log files, against real ones."""

from __future__ import annotations

import gzip
import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from runbooks.errors import ProbeError
from runbooks.probes.logs import local
from tests.runbooks.probes.looking import look, told

PLAIN = 'INFO:     127.0.0.1:5000 - "GET /health HTTP/1.1" 200 OK'
SECRET = "made-up-hunter2-token"


def line(level: str = "INFO", hours: float = 0, **fields: Any) -> str:
    when = datetime.now(UTC) - timedelta(hours=hours, minutes=1)
    stamp = when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said = {"timestamp": stamp, "level": level, "service": "api", "logger": "app.jobs"}
    return json.dumps({**said, "message": f"said {SECRET}", **fields})


def log(path: Path, *lines: str, days: float = 0) -> str:
    text = "".join(f"{each}\n" for each in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    when = time.time() - days * 86400
    os.utime(path, (when, when))
    return str(path)


async def test_what_the_last_lines_are(tmp_path: Path) -> None:
    api = log(tmp_path / "api.log", line(), PLAIN, "Traceback (most recent call last):")
    worker = log(tmp_path / "worker.log", line("trace"), '{"level": "INFO"}', days=1)
    seen = await look("logs.files", files=[api, worker])
    found = told(seen)
    assert found["here"] == "api.log, worker.log"
    assert [found[each] for each in ("json", "malformed", "plain")] == [2, 1, 2]
    assert (found["tracebacks"], found["debug"]) == (1, 1)
    assert found["age"] == pytest.approx(86400, abs=60)
    assert found["size"] == sum(map(os.path.getsize, (api, worker)))
    assert not {"missing", "silent", "unreadable"} & set(found)
    assert SECRET not in seen.evidence


async def test_files_that_say_nothing(tmp_path: Path) -> None:
    empty = log(tmp_path / "api.log")
    (tmp_path / "pipe.log").mkdir()
    gone, directory = str(tmp_path / "worker.log"), str(tmp_path / "pipe.log")
    found = told(await look("logs.files", files=[empty, gone, directory]))
    assert found["silent"] == "api.log"
    assert found["missing"] == "worker.log"
    assert found["unreadable"] == "pipe.log"
    assert "age" not in found


async def test_only_the_end_of_a_large_file_is_read(tmp_path: Path) -> None:
    many = log(tmp_path / "api.log", *[PLAIN] * 20_000, line())
    found = told(await look("logs.files", files=[many], lines=100))
    assert (found["json"], found["plain"]) == (1, 99)


async def test_no_file_is_named() -> None:
    with pytest.raises(ProbeError, match=r"no \[logs\] files") as error:
        await look("logs.files", files=[])
    assert error.value.stage == "configuration"


async def test_errors_are_grouped(tmp_path: Path) -> None:
    path = log(
        tmp_path / "api.log",
        *[line()] * 96,
        *[line("ERROR", exc_type="TimeoutError")] * 2,
        line("ERROR", exception={"type": "ValueError", "message": SECRET}),
        line("ERROR", exception=f"Traceback …\napp.errors.RefusedError: {SECRET}"),
        line("WARNING", exc_type=None),
        line("ERROR", hours=30),
        PLAIN,
    )
    seen = await look("logs.file_errors", files=[path])
    found = told(seen)
    assert (found["lines"], found["errors"], found["warnings"]) == (101, 4, 1)
    assert found["groups"] == 3
    assert found["top"] == (
        "app.jobs TimeoutError (2), app.jobs ValueError (1), "
        "app.jobs app.errors.RefusedError (1)"
    )
    assert found["share"] == pytest.approx(100 * 4 / 101)
    assert SECRET not in f"{seen.evidence} {found}"


async def test_groups_that_are_new(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    log(path, line("ERROR"), *[line("ERROR", logger="app.new")] * 12, line("WARNING"))
    log(tmp_path / "api.log.1", line("ERROR", hours=30), days=1)
    log(tmp_path / "api.log.2.gz", line("WARNING", hours=50), days=2)
    found = told(await look("logs.file_errors", files=[str(path)]))
    assert (found["new"], found["new_rate"]) == ("app.new", 12)
    assert "new_warnings" not in found
    whole = await look("logs.file_errors", files=[str(path)], before="0s")
    assert told(whole)["new"] == "app.new, app.jobs"
    assert told(whole)["new_warnings"] == "app.jobs"


async def test_names_that_are_none_are_not_shown(tmp_path: Path) -> None:
    bad = line("ERROR", logger=f"\x1b[31m{SECRET}!", exc_type="a b")
    path = log(tmp_path / "api.log", bad)
    assert told(await look("logs.file_errors", files=[path]))["top"] == "? ? (1)"


async def test_a_quiet_week(tmp_path: Path) -> None:
    path = log(tmp_path / "api.log", line())
    found = told(await look("logs.file_errors", files=[path], window="7d"))
    assert (found["errors"], found["groups"], found["share"]) == (0, 0, 0)
    assert not {"top", "new", "new_warnings"} & set(found)


async def test_nothing_was_written(tmp_path: Path) -> None:
    found = told(await look("logs.file_errors", files=[log(tmp_path / "api.log")]))
    assert (found["lines"], found["errors"]) == (0, 0)
    assert "share" not in found


async def test_errors_of_a_huge_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = log(tmp_path / "api.log", *[line("ERROR")] * 50)
    monkeypatch.setattr(local, "MOST", 10 * len(line("ERROR")))
    monkeypatch.setattr("runbooks.probes.logs.file_errors.MOST", local.MOST)
    seen = await look("logs.file_errors", files=[path])
    assert 5 < int(str(told(seen)["errors"])) < 11
    assert "only the last" in seen.evidence


async def test_a_file_of_errors_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProbeError, match=r"api\.log: No such file"):
        await look("logs.file_errors", files=[str(tmp_path / "api.log")])


async def test_an_old_file_that_is_no_gzip(tmp_path: Path) -> None:
    path = log(tmp_path / "api.log", line())
    (tmp_path / "api.log.1.gz").write_bytes(b"\x1f\x8b and no more")
    with pytest.raises(ProbeError, match=r"api\.log\.1\.gz"):
        await look("logs.file_errors", files=[path])


RULES = """
# all of them
daily
rotate 3
{directory}/api.log "{directory}/b*.log" {{
    rotate 14
    maxsize 100M
    postrotate
        rotate 400 }}
    endscript
}}
{directory}/worker.log {{ size 10M
  rotate 5 }}
{directory}/forever.log {{
    rotate -1
}}
"""


async def test_how_long_lines_are_kept(tmp_path: Path) -> None:
    names = ("api", "batch", "worker", "forever", "free")
    files = [log(tmp_path / f"{name}.log", line()) for name in names]
    log(tmp_path / "api.log.1.gz", line())
    conf = tmp_path / "logrotate.conf"
    conf.write_text(RULES.format(directory=tmp_path))
    seen = await look("logs.rotation", files=files, logrotate=[str(conf)])
    found = told(seen)
    assert found["unlimited"] == "forever.log, free.log"
    assert (found["shortest"], found["longest"], found["rotated"]) == (14, 14, 1)
    assert "worker.log: rotate 5, size 10M" in seen.evidence
    sized = await look("logs.rotation", files=files[2:3], logrotate=[str(conf)])
    assert "unlimited" not in told(sized) and "shortest" not in told(sized)


async def test_nobody_rotates(tmp_path: Path) -> None:
    path = log(tmp_path / "api.log", line())
    found = told(await look("logs.rotation", files=[path], logrotate=["/nowhere/*"]))
    assert found["unlimited"] == "api.log"


async def test_a_configuration_that_is_no_file(tmp_path: Path) -> None:
    path = log(tmp_path / "api.log", line())
    with pytest.raises(ProbeError, match="no regular file"):
        await look("logs.rotation", files=[path], logrotate=[str(tmp_path)])
