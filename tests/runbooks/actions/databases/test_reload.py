"""Having a real PostgreSQL 16 read its configuration again."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from runbooks.actions.describing import looked_at
from runbooks.actions.performing import DONE, REFUSED
from runbooks.errors import ActionError
from runbooks.tables import ActionSpec
from runbooks.target import Target
from tests.runbooks.actions.databases.carrying_out import performed, wished
from tests.runbooks.actions.databases.conftest import with_roles
from tests.runbooks.probes.postgres_server import (
    PASSWORD,
    PostgresServer,
    postgres_server,
)

USE = "postgres.reload"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_server("log_min_duration_statement = 500") as server:
        yield with_roles(server)


@pytest.fixture
def configured(server: PostgresServer) -> Iterator[PostgresServer]:
    """The server, whose files are put back afterwards."""
    kept = {name: conf(server, name).read_text() for name in ("postgresql", "pg_hba")}
    yield server
    for name, text in kept.items():
        conf(server, name).write_text(text)
    loaded = server.psql("select pg_conf_load_time()")
    server.psql("alter system reset all", "select pg_reload_conf()")
    while server.psql("select pg_conf_load_time()") == loaded:  # it is only asked to
        time.sleep(0.02)


def conf(server: PostgresServer, name: str = "postgresql") -> Path:
    return server.directory / "data" / f"{name}.conf"


def add(server: PostgresServer, *lines: str, name: str = "postgresql") -> None:
    with conf(server, name).open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


async def test_what_changes_is_shown_done_and_can_be_taken_back(
    configured: PostgresServer, profile: Callable[..., Target], tmp_path: Path
) -> None:
    target = profile(configured, "postgres")
    add(configured, "log_min_duration_statement = '2s'", "work_mem = 4096")
    add(configured, "shared_buffers = 8MB", "autovacuum = FALSE")
    wish = await wished(target, USE)
    said = wish.description
    assert said.unmet == ()
    assert [(c.what.split()[0], c.before, c.after) for c in said.changes] == [
        ("log_min_duration_statement", "500ms", "2s"),
        ("autovacuum", "on", "FALSE"),
    ]
    assert "postgresql.conf:" in said.changes[0].what
    assert any("shared_buffers = 8MB needs a restart" in line for line in said.stays)
    ended = await performed(wish, target, tmp_path)
    assert ended.code == DONE, ended.says
    assert ended.before == {"log_min_duration_statement": "500", "autovacuum": "on"}
    assert ended.after["log_min_duration_statement"] == "2000"
    assert configured.psql("show log_min_duration_statement") == "2s"
    undo = shlex.split(said.undo.command)
    assert undo[0] == "psql" and PASSWORD not in said.undo.command
    subprocess.run(
        [configured.programs / "psql", *undo[1:]],
        env={"PGPASSWORD": PASSWORD},
        check=True,
        capture_output=True,
    )
    assert configured.psql("show log_min_duration_statement") == "500ms"
    assert configured.psql("show autovacuum") == "on"


async def test_a_line_that_was_taken_out_falls_back_to_the_default(
    configured: PostgresServer, profile: Callable[..., Target]
) -> None:
    text = conf(configured).read_text()
    conf(configured).write_text(text.replace("log_min_duration_statement = 500\n", ""))
    said = (await wished(profile(configured, "postgres"), USE)).description
    (change,) = said.changes
    assert change.what == "log_min_duration_statement (no file any more)"
    assert (change.before, change.after) == ("500ms", "its default, -1")


async def test_no_change_is_said(
    configured: PostgresServer, profile: Callable[..., Target], tmp_path: Path
) -> None:
    target = profile(configured, "postgres")
    wish = await wished(target, USE)
    assert wish.description.changes == ()
    assert "no setting changes" in wish.description.stays[-1]
    assert (await performed(wish, target, tmp_path)).code == DONE


@pytest.mark.parametrize(
    ("name", "line", "said"),
    [
        ("postgresql", "work_mem = plenty", "work_mem: setting could not be applied"),
        ("postgresql", "log_archive_commands = on", "unrecognized configuration"),
        ("postgresql", "work_mem 4MB 8MB", "syntax error"),
        ("postgresql", "max_connections = many", "max_connections: setting could"),
        ("pg_hba", "host all all nowhere", "pg_hba.conf:"),
    ],
)
async def test_an_error_in_a_file_keeps_it_from_being_done(
    configured: PostgresServer,
    profile: Callable[..., Target],
    tmp_path: Path,
    name: str,
    line: str,
    said: str,
) -> None:
    target = profile(configured, "postgres")
    before = await wished(target, USE)
    add(configured, line, name=name)
    wish = await wished(target, USE)
    assert len(wish.description.unmet) == 1
    assert said in wish.description.unmet[0]
    # It came in after the plan was shown.
    ended = await performed(before, target, tmp_path)
    assert ended.code == REFUSED and said in ended.says


async def test_what_may_hold_a_login_is_not_shown(
    configured: PostgresServer, profile: Callable[..., Target], tmp_path: Path
) -> None:
    target = profile(configured, "postgres")
    add(configured, "primary_conninfo = 'host=x password=hunter2-and-long'")
    wish = await wished(target, USE)
    (change,) = wish.description.changes
    assert (change.before, change.after) == ("empty", "not shown")
    assert "put the former lines back" in wish.description.undo.irreversible
    assert (await performed(wish, target, tmp_path)).code == DONE
    assert "hunter2" not in str(wish)


async def test_a_change_that_somebody_else_adds_is_looked_at_first(
    configured: PostgresServer, profile: Callable[..., Target], tmp_path: Path
) -> None:
    target = profile(configured, "postgres")
    add(configured, "work_mem = 5MB")
    wish = await wished(target, USE)
    add(configured, "work_mem = 6MB")
    ended = await performed(wish, target, tmp_path)
    assert ended.code == REFUSED and "has changed since it was shown" in ended.says
    wish = await wished(target, USE)
    configured.psql("select pg_reload_conf()")
    ended = await performed(wish, target, tmp_path)
    assert ended.code == REFUSED and "has changed since it was shown" in ended.says


async def test_rights_are_looked_at_before(
    configured: PostgresServer, profile: Callable[..., Target], tmp_path: Path
) -> None:
    target = profile(configured)
    unmet = (await wished(target, USE)).description.unmet
    assert "signaller has no EXECUTE on FUNCTION pg_reload_conf()" in unmet[0]
    assert "signaller has no SELECT on pg_file_settings" in unmet[1]
    configured.psql(
        "grant execute on function pg_reload_conf() to signaller",
        "grant execute on function pg_show_all_file_settings() to signaller",
        "grant select on pg_file_settings to signaller",
    )
    wish = await wished(target, USE)
    assert wish.description.unmet == ()
    assert (await performed(wish, target, tmp_path)).code == DONE


async def test_another_server_behind_the_same_address_is_refused(
    configured: PostgresServer,
    profile: Callable[..., Target],
    tmp_path: Path,
) -> None:
    target = profile(configured, "postgres")
    wish = await wished(target, USE)
    loaded = "select pg_conf_load_time()"
    with postgres_server() as other:
        (tmp_path / "dsn").write_text(other.dsn("postgres"))
        before = other.psql(loaded)
        ended = await performed(wish, target, tmp_path)
        assert other.psql(loaded) == before
    assert ended.code == REFUSED
    assert f"not {wish.description.identity.says} as before" in ended.says


async def test_a_server_that_went_away_is_told(
    profile: Callable[..., Target], tmp_path: Path
) -> None:
    with postgres_server() as server:
        target = profile(server, "postgres")
        wish = await wished(target, USE)
        server.stop()
        ended = await performed(wish, target, tmp_path)
    assert ended.code == REFUSED and "refused the connection" in ended.says


async def test_a_connection_to_another_system_is_not_used(
    configured: PostgresServer, profile: Callable[..., Target]
) -> None:
    """The address may lead elsewhere between the last look and the connection."""
    async with looked_at(ActionSpec(USE, {}), profile(configured, "postgres")) as at:
        action, description, _ = at
        said = description.identity
        assert f"as {said.says.rpartition(' ')[2]}" in said.says
        before = configured.psql("select pg_conf_load_time()")
        for shown in (
            replace(said, id="another system"),
            replace(said, says=said.says.replace("as postgres", "as app")),
        ):
            with pytest.raises(ActionError, match="as it was shown") as refused:
                await action.perform(replace(description, identity=shown), print)
            assert refused.value.changed is False
        assert configured.psql("select pg_conf_load_time()") == before
