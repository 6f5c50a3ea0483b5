"""Rows of the profile's database, counted before and after a change of releases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runbooks.actions.rows import rows
from runbooks.changes import unlike
from runbooks.target import NOWHERE, Target
from tests.runbooks.actions.databases.carrying_out import target_of
from tests.runbooks.probes.postgres_server import PostgresServer

Profile = Callable[..., Target]


@pytest.fixture
def tables(database: PostgresServer) -> Iterator[PostgresServer]:
    database.psql(
        "create table videos (id int)",
        "insert into videos select generate_series(1, 12)",
        'create table "Odd name" (id int)',
        "create table hidden (id int)",
        "insert into hidden select generate_series(1, 30)",
        "analyze hidden",
        'grant select on videos, "Odd name" to watcher',
    )
    yield database
    database.psql('drop table if exists videos, "Odd name", hidden, "from the release"')


async def test_each_table_is_counted_or_estimated(
    tables: PostgresServer, profile: Profile
) -> None:
    target = profile(tables, "watcher")
    assert await rows(target) == {
        'rows of "Odd name"': "0",
        "rows of hidden": "about 30",
        "rows of videos": "12",
    }


async def test_more_rows_are_work_and_fewer_are_a_loss(
    tables: PostgresServer, profile: Profile
) -> None:
    target = profile(tables, "watcher")
    before = await rows(target)
    tables.psql(
        "insert into videos values (13)", "delete from hidden", "analyze hidden"
    )
    assert unlike(before, await rows(target)) == ()
    tables.psql("delete from videos where id > 9", 'create table "from the release"()')
    assert unlike(before, await rows(target)) == (
        "rows of videos is 9, was 12",
        'rows of "from the release" is about 0, and there was no such table',
    )
    tables.psql("drop table videos")
    assert "rows of videos is not known, was 12" in unlike(before, await rows(target))


async def test_a_database_that_cannot_be_asked_is_said_and_keeps_nothing(
    tmp_path: Path,
) -> None:
    where = "postgresql://app:made-up-and-long@127.0.0.1:1/shop"
    (tmp_path / "dsn").write_text(where)
    text = f'[postgres]\ndsn = {{ file = "{tmp_path}/dsn" }}\n'
    found = await rows(target_of(tmp_path / "shop.toml", text))
    (said,) = found.values()
    assert said.startswith("nobody could count them: 127.0.0.1:1 refused")
    assert "made-up" not in said
    assert unlike({"rows of videos": "12"}, found) == (
        "rows of videos is not known, was 12",
    )


async def test_without_a_database_there_is_nothing_to_count() -> None:
    assert await rows(NOWHERE) == {}
