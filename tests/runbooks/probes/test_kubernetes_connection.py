"""Ways to an API server, and what is said when one leads nowhere."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import ssl
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from runbooks.probes.kubernetes import connection
from tests.runbooks.probes.kubernetes_api import (
    TOKEN,
    KubernetesAPI,
    kubernetes_api,
)
from tests.runbooks.probes.kubernetes_ways import (
    failure,
    names,
    note,
    pod,
    reading_processes,
)


@pytest.fixture
def api() -> Iterator[KubernetesAPI]:
    with kubernetes_api([pod("a"), pod("b"), pod("c"), pod("d", "other")]) as api:
        yield api
        assert api.violations == []


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)


def plugin(directory: Path, body: str) -> dict[str, Any]:
    """Return a kubeconfig's user whose credentials a program makes."""
    program = directory / "plugin"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    version = "client.authentication.k8s.io/v1"
    mode = "IfAvailable"
    return {
        "exec": {
            "apiVersion": version,
            "command": str(program),
            "interactiveMode": mode,
        }
    }


def credential(**status: str) -> str:
    said = {
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": status,
    }
    return f"cat <<'END'\n{json.dumps(said)}\nEND"


async def test_the_namespace_is_the_contexts_unless_one_is_named(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    config = api.kubeconfig(tmp_path / "config")
    assert await names(config) == ["a", "b", "c"]
    assert await names(config, namespace="other") == ["d"]
    assert await names(config, namespace="../../secrets") == []


async def test_kubeconfigs_of_the_environment(
    api: KubernetesAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = api.kubeconfig(tmp_path / "config")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path}/nothing:{config}")
    assert await names("") == ["a", "b", "c"]


async def test_a_context_by_name_needs_no_current_one(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    config = api.kubeconfig(tmp_path / "config")
    said = json.loads(config.read_text())
    del said["current-context"]
    config.write_text(json.dumps(said))
    assert await names(config, "production") == ["a", "b", "c"]
    without = await failure(config)
    assert "has no current context; it has production" in str(without)
    wrong = await failure(config, context="staging")
    assert (wrong.stage, "it has production" in str(wrong)) == ("configuration", True)


async def test_a_token_in_a_file(api: KubernetesAPI, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    config = api.kubeconfig(tmp_path / "config", user={"tokenFile": "token"})
    assert await names(config) == ["a", "b", "c"]


async def test_a_credential_plugin_may_write_where_it_likes(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    noise = "echo noise >&2; read -r answer && exit 1"
    user = plugin(tmp_path, f"{noise}\n{credential(token=TOKEN)}")
    assert await names(api.kubeconfig(tmp_path / "c", user=user)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo 'token expired: log in' >&2; exit 1", "token expired: log in"),
        ("echo nonsense", "failed to decode"),
        (credential(), "missing token"),
        ("", "failed to decode"),
    ],
)
async def test_a_credential_plugin_that_fails(
    api: KubernetesAPI, tmp_path: Path, body: str, said: str
) -> None:
    config = api.kubeconfig(tmp_path / "config", user=plugin(tmp_path, body))
    error = await failure(config)
    assert error.stage == "configuration" and said in str(error)
    assert "wants you to log in" in note(error)


async def test_a_credential_plugin_that_is_not_there(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    user = plugin(tmp_path, "")
    (tmp_path / "plugin").unlink()
    error = await failure(api.kubeconfig(tmp_path / "config", user=user))
    assert error.stage == "configuration" and "No such file" in str(error)


async def test_a_credential_plugin_that_hangs_is_ended(
    api: KubernetesAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "OPENING", 2)
    user = plugin(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 1000")
    error = await failure(api.kubeconfig(tmp_path / "config", user=user))
    assert error.stage == "configuration" and "gave nothing in 2 s" in str(error)
    await _ended(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no YAML"),
        ("[5]", "is no kubeconfig"),
        ("contexts: 5", "has no current context; it has none"),
        (
            f"{{current-context: a, contexts: [{{name: a, context: {{user: u, "
            f"cluster: c}}}}], users: [{{name: u, token: {TOKEN}}}]}}",
            "cannot be used",
        ),
    ],
)
async def test_what_is_no_kubeconfig(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config").write_text(text)
    error = await failure(tmp_path / "config")
    assert error.stage == "configuration" and said in str(error), error


async def test_no_kubeconfig_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = await failure(tmp_path / "nowhere")
    assert "cannot be read: No such file" in str(error)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert "there is no kubeconfig" in str(await failure(""))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")
    error = await failure("")
    assert "the service account cannot be used" in str(error)


def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context


def text(pem: bytes) -> str:
    return base64.b64encode(pem).decode()


async def test_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    client = authority.issue_cert("me@example.test")
    user = {
        "client-certificate-data": text(client.cert_chain_pems[0].bytes()),
        "client-key-data": text(client.private_key_pem.bytes()),
    }
    trusted = {"certificate-authority-data": text(authority.cert_pem.bytes())}
    with kubernetes_api([pod("a")], tls(authority)) as api:
        config = api.kubeconfig(tmp_path / "config", user=user, **trusted)
        assert await names(config) == ["a"]
        assert list((tmp_path / "tmp").iterdir()) == []

        missing = {"certificate-authority": "nowhere.pem"}
        error = await failure(api.kubeconfig(tmp_path / "config", **missing))
        assert error.stage == "configuration" and "nowhere.pem" in str(error)

        stranger = text(trustme.CA().cert_pem.bytes())
        for wrong in (stranger, text(b"no certificate")):
            other = {"certificate-authority-data": wrong}
            error = await failure(api.kubeconfig(tmp_path / "config", **other))
            assert error.stage == "tls" and "TLS with 127.0.0.1" in str(error)

        plain = api.url.replace("https", "http")
        error = await failure(api.kubeconfig(tmp_path / "config", server=plain))
        assert (error.stage, "no HTTP answer" in str(error)) == ("http", True)


async def test_nobody_there(
    api: KubernetesAPI, tmp_path: Path, closed_port: int
) -> None:
    config = api.kubeconfig(tmp_path / "c", server=f"http://127.0.0.1:{closed_port}")
    error = await failure(config)
    assert (error.stage, "refused" in str(error)) == ("tcp", True)
    config = api.kubeconfig(tmp_path / "c", server="https://cluster.invalid:6443")
    error = await failure(config)
    assert (error.stage, str(error)) == ("name", "no address for cluster.invalid:6443")


async def test_a_plugin_ends_though_its_process_was_killed(
    api: KubernetesAPI, tmp_path: Path
) -> None:
    user = plugin(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 1000")
    looking = asyncio.create_task(
        failure(api.kubeconfig(tmp_path / "config", user=user))
    )
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.02)
    for pid in reading_processes():
        os.kill(pid, signal.SIGKILL)
    assert "the reading process has ended" in str(await looking)
    assert list((tmp_path / "tmp").iterdir()) == []
    await _ended(int((tmp_path / "pid").read_text()))


async def _ended(pid: int) -> None:
    """Wait until a process does no more than wait for its parent to take notice."""
    place = Path(f"/proc/{pid}/stat")
    async with asyncio.timeout(60):
        with suppress(FileNotFoundError):
            while place.read_text().rpartition(") ")[2][0] != "Z":
                await asyncio.sleep(0.02)
