"""Finding a deployment: kubeconfigs, env files, addresses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from runbooks import kubeconfig
from runbooks.discovery import Discovery, discover, find_urls
from runbooks.errors import DocumentError
from runbooks.kubeconfig import Context

KUBECONFIG = """\
current-context: prod
contexts:
- name: prod
  context: {cluster: a, namespace: transcripts}
- name: lab
  context: {cluster: b}
- nonsense
users:
- name: me
  user: {token: made-up-and-secret}
"""
PAGES = {
    "/health": ("application/json", '{"status": "healthy"}'),
    "/": ("text/html", "<!doctype html><html></html>"),
}


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[str]:
    """A server with `PAGES` below a prefix, "" if the test does not say."""
    prefix = getattr(request, "param", "")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path if self.path == "/" else self.path.removeprefix(prefix)
            there = self.path == "/" or self.path.startswith(prefix)
            kind, body = PAGES.get(path, ("", "")) if there else ("", "")
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


async def test_contexts_of_a_kubeconfig(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG)
    found = await discover(tmp_path)
    assert found.contexts[path] == [
        Context("prod", "transcripts", True),
        Context("lab", "default", False),
    ]
    assert found.platform == "kubernetes"
    assert "made-up" not in repr(found)


@pytest.mark.parametrize("text", ["{", "- a", "contexts: 5\n", ""])
async def test_broken_kubeconfigs_are_told_of(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    found = await discover(tmp_path)
    assert found.contexts.get(path, []) == []
    broken = text in ("{", "- a")
    assert any("kubeconfig: is no" in said for said in found.told) is broken


def test_a_kubeconfig_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        kubeconfig.contexts(tmp_path)


async def test_an_env_file(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("REDIS_URL=redis://:made-up@h/0\nSEARCH_BACKEND=postgres\nX=\n")
    env.chmod(0o644)
    found = await discover(tmp_path)
    assert found.env_file == env and found.platform == "processes"
    assert found.settings == {"REDIS_URL": "", "SEARCH_BACKEND": "postgres"}
    assert any("mode 0644" in said for said in found.told)
    assert "made-up" not in repr(found)


async def test_nothing_is_found_and_said(tmp_path: Path) -> None:
    found = await discover(tmp_path)
    assert (found.projects, found.env_file, found.contexts) == ([], None, {})
    assert any(said.startswith("Docker: ") for said in found.told)


@pytest.mark.parametrize("site", ["", "/api"], indirect=True)
async def test_addresses(site: str, request: pytest.FixtureRequest) -> None:
    found = Discovery()
    await find_urls(found, site)
    prefix = request.node.callspec.params["site"]
    assert (found.api, found.web) == (site + prefix, site)


async def test_an_address_that_is_none(closed_port: int) -> None:
    found = Discovery()
    await find_urls(found, f"http://127.0.0.1:{closed_port}")
    assert (found.api, found.web) == ("", "")
    assert any("refused the connection" in said for said in found.told)
