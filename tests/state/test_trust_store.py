"""Trust: by content, private, and only in files that nobody else can change."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from runbooks.errors import StateError
from runbooks.parsing import read
from runbooks.shipped import DOCUMENTS, digests, is_shipped
from state.ownership import unsafe
from state.run import Run
from state.trust import TrustStore, command_digest
from tests.state.books import ANA, runbook, step

BOOK = runbook(step("a"))


def test_a_document_is_trusted_by_its_content_where_it_lies(home: Path) -> None:
    store = TrustStore()
    assert not store.is_trusted(BOOK.digest, BOOK.path)
    entry = store.trust(BOOK)
    assert store.is_trusted(BOOK.digest, BOOK.path)
    assert TrustStore().is_trusted(BOOK.digest, BOOK.path)
    assert not store.is_trusted(runbook(step("a", "Other")).digest, BOOK.path)
    assert not store.is_trusted(BOOK.digest, BOOK.path.with_name("copy.md"))
    assert not store.is_trusted(BOOK.digest)  # it is no command
    assert store.known(BOOK.path) == entry and entry.text == BOOK.data.decode()


def test_a_sidecar_is_trusted_and_watched_with_its_document(
    home: Path, tmp_path: Path
) -> None:
    path, sidecar = tmp_path / "book.md", tmp_path / "book.gonogo.toml"
    path.write_text("- [ ] a\n")
    sidecar.write_text('[steps."a"]\nowner = "ana"\n')
    path.chmod(0o600)
    sidecar.chmod(0o600)
    store = TrustStore()
    store.trust(read(path))
    assert store.covers(read(path))
    sidecar.chmod(0o666)
    assert not store.covers(read(path))
    sidecar.chmod(0o600)
    both = path.read_bytes() + sidecar.read_bytes()
    sidecar.unlink()
    assert not store.covers(read(path))
    path.write_bytes(both)
    assert not store.covers(read(path))


def test_a_single_command_is_trusted_by_its_own_text(home: Path) -> None:
    store = TrustStore()
    store.trust("kubectl get pods")
    assert store.is_trusted(command_digest("kubectl get pods"))
    assert not store.is_trusted(command_digest("kubectl get pods "))
    assert Run.create(home, BOOK, "", ANA).is_trusted(
        command_digest("kubectl get pods")
    )


def test_trust_is_revoked_by_path_or_digest(home: Path) -> None:
    store = TrustStore()
    store.trust(BOOK)
    store.trust(runbook(step("b")))
    entry = store.trust("true")
    assert store.revoke(BOOK.path) == 2
    assert [kept.digest for kept in store.entries()] == [entry.digest]
    assert store.revoke(entry.digest) == 1
    assert store.revoke(entry.digest) == 0


def test_another_screens_trust_is_seen(home: Path) -> None:
    one, other = TrustStore(), TrustStore()
    assert not one.is_trusted(BOOK.digest, BOOK.path)
    other.trust(BOOK)
    assert one.is_trusted(BOOK.digest, BOOK.path)
    other.revoke(BOOK.digest)
    assert not one.is_trusted(BOOK.digest, BOOK.path)


def test_the_file_is_private_and_refused_when_it_is_not(home: Path) -> None:
    TrustStore().trust(BOOK)
    path = Path(os.environ["XDG_CONFIG_HOME"]) / "gonogo" / "trust.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o666)
    with pytest.raises(StateError, match="writable for everyone"):
        TrustStore().is_trusted(BOOK.digest)
    path.chmod(0o600)
    path.write_text("{")
    with pytest.raises(StateError, match="damaged"):
        TrustStore().is_trusted(BOOK.digest)


def test_files_that_others_can_change_are_named(tmp_path: Path) -> None:
    path = tmp_path / "d" / "book.md"
    path.parent.mkdir()
    path.write_text("x")
    path.chmod(0o644)
    path.parent.chmod(0o755)
    assert unsafe(path) == ""
    path.chmod(0o646)
    assert f"{path} is writable for everyone" in unsafe(path)
    path.chmod(0o644)
    path.parent.chmod(0o777)
    assert f"{path.parent} is writable for everyone" in unsafe(path)
    path.parent.chmod(0o1777)
    assert unsafe(path) == ""
    (tmp_path / "link").symlink_to(path)
    path.parent.chmod(0o777)
    assert f"{path.parent} is writable" in unsafe(tmp_path / "link")
    assert "does not exist" in unsafe(tmp_path / "none")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_files_of_another_user_are_named(tmp_path: Path) -> None:
    path = tmp_path / "book.md"
    path.write_text("x")
    path.chmod(0o644)
    os.chown(path, 12345, 0)
    assert "belongs to another user (uid 12345)" in unsafe(path)


def test_what_came_along_is_trusted_by_the_digests_of_the_package(
    tmp_path: Path,
) -> None:
    outside = tmp_path / "a.md"
    outside.write_bytes(BOOK.data)
    assert not is_shipped(replace(BOOK, path=outside))
    for path in DOCUMENTS.rglob("*.md"):
        said = "it was changed; if that was meant, run: make digests"
        inside = replace(BOOK, path=path, data=path.read_bytes())
        assert is_shipped(inside), f"{path}: {said}"
        assert not is_shipped(replace(inside, data=inside.data + b" "))
        assert not is_shipped(replace(inside, sidecar=b""))
        assert not is_shipped(replace(inside, path=outside))
    assert len(digests()) == len(list(DOCUMENTS.rglob("*.md")))
