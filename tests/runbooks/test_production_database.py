"""The shipped runbook's steps that a SELECT decides: as it should be, and broken."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from runbooks import parsing
from runbooks.results import Finding
from runbooks.runner import Runner
from runbooks.target import parse
from tests.runbooks.probes.postgres_server import PASSWORD
from tests.runbooks.probes.practice_database import (
    JOB,
    VIDEO,
    Copy,
    practice_database,
)

SHIPPED = Path(__file__).parents[2] / "runbooks/documents/production-deployment.md"
STEPS = parsing.read(SHIPPED).step_by_id
BEATS = "insert into worker_heartbeat (worker_id) values ('worker-1')"
UNWRITTEN = f"delete from transcripts where video_id = '{VIDEO}'"
PLAIN = f"delete from segments where video_id = '{VIDEO}'"
DIARIZED = f"update videos set diarization_state = 'completed' where id = '{VIDEO}'"
SPEAKERS = f"update segments set speaker_label = 'A' where video_id = '{VIDEO}'"


def moved(state: str, age: str = "1 minute") -> str:
    """Return what makes the smoke job one that is in a state, since so long."""
    return (
        f"with job as (update jobs set state = '{state}', "
        f"created_at = now() - interval '{age}' where id = '{JOB}') "
        f"update videos set state = '{state}', created_at = now() - interval '{age}', "
        f"updated_at = now() where job_id = '{JOB}'"
    )


def old(table: str) -> str:
    return f"update {table} set created_at = now() - interval '400 days'"


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    with practice_database() as (_, copy):
        yield copy


async def found(tmp_path: Path, dsn: str, step_id: str, job: str = JOB) -> Finding:
    """Return what the step's SELECTs say of a database."""
    file = tmp_path / "dsn"
    file.write_text(dsn)
    text = (
        f'[postgres]\ndsn = {{ file = "{file}" }}\n[smoke]\njob = "{job}"\n'
        '[facts]\ndiarization = true\nvocabulary = true\nplatform = "processes"\n'
    )
    step = STEPS[step_id]
    own = tuple(spec for spec in step.probes if spec.use == "postgres.query")
    options = replace(step.options, probe=None, probes=own)
    target = parse(text.encode(), tmp_path / "p.toml")
    finding = await Runner(target).probe(replace(step, options=options))
    assert PASSWORD not in str(finding)
    return finding


@pytest.mark.parametrize(
    ("step_id", "changes", "result", "reason"),
    [
        ("smoke.transcription", (BEATS,), "pass", ""),
        ("smoke.transcription", (), "fail", "workers 0 < 1"),
        ("smoke.transcription", (BEATS, moved("pending")), "warn", "state pending"),
        ("smoke.transcription", (BEATS, moved("transcribing", "1 hour")), "warn", ""),
        ("smoke.transcription", (BEATS, moved("pending", "6 min")), "fail", "stuck 1"),
        ("smoke.transcription", (BEATS, moved("failed")), "fail", "state failed"),
        (
            "smoke.transcription",
            (BEATS, moved("completed", "20 min")),
            "warn",
            "20 min",
        ),
        ("smoke.transcription", (BEATS, "delete from jobs"), "fail", "state absent"),
        ("validate.test-job", (), "pass", "made_from transcript"),
        ("validate.test-job", (UNWRITTEN,), "warn", "made_from captions"),
        (
            "validate.test-job",
            (UNWRITTEN, "delete from youtube_transcripts"),
            "fail",
            "made_from absent",
        ),
        ("validate.test-job", (PLAIN, "delete from youtube_segments"), "fail", "0 < 1"),
        ("validate.test-job", (moved("persisting"),), "fail", "state persisting"),
        ("validate.test-job", ("update videos set error = 'x'",), "fail", "error"),
        ("validate.test-job", ("delete from jobs",), "fail", "state absent"),
        ("validate.diarization", (DIARIZED, SPEAKERS), "pass", ""),
        ("validate.diarization", (DIARIZED,), "fail", "labels 0 < 1"),
        (
            "validate.diarization",
            ("update videos set diarization_state = 'pending'",),
            "warn",
            "state pending",
        ),
        (
            "validate.diarization",
            ("update videos set diarization_state = 'failed'",),
            "fail",
            "state failed",
        ),
        ("compliance.audit-logging", (), "pass", "unlogged 0"),
        ("compliance.audit-logging", ("delete from sessions",), "warn", "logins 0"),
        ("compliance.audit-logging", ("delete from audit_logs",), "fail", "unlogged 2"),
        (
            "compliance.audit-logging",
            ("update audit_logs set created_at = created_at - interval '1 hour'",),
            "fail",
            "unlogged 2",
        ),
        ("compliance.data-retention", (), "pass", ""),
        ("compliance.data-retention", ("delete from events",), "pass", ""),
        ("compliance.data-retention", (old("events"),), "fail", "400 d"),
        ("compliance.data-retention", (old("audit_logs"),), "fail", "400 d"),
        ("compliance.data-retention", (old("user_searches"),), "fail", "400 d"),
        ("compliance.data-retention", (old("sessions"),), "fail", "400 d"),
        ("features.vocabulary", (), "pass", ""),
        (
            "features.vocabulary",
            ("delete from user_vocabularies",),
            "warn",
            "vocabularies 0",
        ),
        ("auth.oauth-tested", (), "pass", ""),
        ("auth.oauth-tested", (old("sessions"),), "warn", "logins 0"),
        ("auth.api-key-expiry", (), "pass", ""),
        (
            "auth.api-key-expiry",
            ("update api_keys set expires_at = null",),
            "warn",
            "open_ended",
        ),
        (
            "auth.api-key-expiry",
            ("update api_keys set expires_at = null, revoked_at = now()",),
            "pass",
            "",
        ),
        ("auth.session-expiry", (), "pass", ""),
        ("auth.session-expiry", ("delete from sessions",), "pass", ""),
        (
            "auth.session-expiry",
            ("update sessions set expires_at = now() + interval '3 days'",),
            "warn",
            "72 h",
        ),
        (
            "auth.session-expiry",
            ("update sessions set expires_at = now() + interval '30 days'",),
            "fail",
            "30 d",
        ),
        (
            "auth.session-expiry",
            (
                "alter table sessions alter expires_at drop not null",
                "update sessions set expires_at = null",
            ),
            "fail",
            "endless",
        ),
    ],
)
async def test_what_the_rows_say(
    copy: Copy,
    tmp_path: Path,
    step_id: str,
    changes: tuple[str, ...],
    result: str,
    reason: str,
) -> None:
    finding = await found(tmp_path, copy(*changes), step_id)
    assert (str(finding.result), reason in finding.reason) == (result, True), finding


@pytest.mark.parametrize(
    ("emails", "result", "reason"),
    [
        ("ada@rehearsal.example, Grace@rehearsal.example", "pass", ""),
        ("ada@rehearsal.example,eve@rehearsal.example", "warn", "e…@rehearsal.example"),
        ("ada@rehearsal.example", "warn", "ADMIN_EMAILS.addresses 1"),
        ("ada@rehearsal.example,b@gmail.com", "warn", "gmail"),
        ("", "fail", "listed 0 < 1"),
        (None, "unknown", "cannot be read"),
    ],
)
async def test_administrators_who_have_never_come(
    copy: Copy, tmp_path: Path, emails: str | None, result: str, reason: str
) -> None:
    settings = tmp_path / "app.env"
    if emails is not None:
        settings.write_text(f"ADMIN_EMAILS={emails}\n")
    (tmp_path / "dsn").write_text(copy())
    text = (
        f'[postgres]\ndsn = {{ file = "{tmp_path / "dsn"}" }}\n'
        f'[settings]\nenv_file = "{settings}"\n[facts]\nplatform = "processes"\n'
    )
    target = parse(text.encode(), tmp_path / "p.toml")
    finding = await Runner(target).probe(STEPS["auth.admin-emails"])
    assert (str(finding.result), reason in finding.reason) == (result, True), finding
    assert "eve@" not in str(finding)


STEP_IDS = [
    *("smoke.transcription", "validate.test-job", "validate.diarization"),
    *("compliance.audit-logging", "compliance.data-retention"),
]


@pytest.mark.parametrize("step_id", STEP_IDS)
async def test_a_database_of_something_else(
    copy: Copy, tmp_path: Path, step_id: str
) -> None:
    gone = "drop table sessions, videos, jobs, worker_heartbeat cascade"
    finding = await found(tmp_path, copy(gone), step_id)
    assert str(finding.result) == "unknown"
    assert "does not exist" in finding.reason


async def test_diarization_that_is_off_is_no_matter(tmp_path: Path) -> None:
    profile = parse(b"[facts]\ndiarization = false\n", tmp_path / "p.toml")
    finding = await Runner(profile).probe(STEPS["validate.diarization"])
    assert str(finding.result) == "n/a"
