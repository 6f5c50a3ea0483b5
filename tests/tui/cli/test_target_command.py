"""`gonogo target init` and `gonogo target check`, as people start them."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runbooks.probes.kubernetes_api import KubernetesAPI, kubernetes_api
from tests.runbooks.probes.kubernetes_workloads import Cluster, clustered
from tests.tui.cli.conftest import Gonogo

BOOK = """\
# Launch

- [ ] The API answers
  ```toml step
  id = "api"
  when = { platform = "processes" }
  probe = { use = "http", url = "${api.url}/health", expect = { status = 200 } }
  ```
"""


@pytest.fixture
def env(tmp_path: Path) -> Path:
    """An env file in a directory of its own, to be found there."""
    directory = tmp_path / "app"
    directory.mkdir()
    path = directory / ".env"
    path.write_text("REDIS_URL=redis://:made-up@h/0\nENVIRONMENT=staging\n")
    path.chmod(0o600)
    return path


@pytest.fixture
def book(write: Callable[[str], Path]) -> Path:
    return write(BOOK)


def written(home: Path, name: str) -> Path:
    return home / ".config" / "gonogo" / "targets" / f"{name}.toml"


def test_init_writes_what_it_finds(gonogo: Gonogo, home: Path, env: Path) -> None:
    done = gonogo("target", "init", "acme", "--yes", under=["env", "-C", env.parent])
    assert done.returncode == 0, done.stderr
    path = written(home, "acme")
    assert str(path) in done.stdout
    assert f"Found: {env}: 2 settings" in done.stdout
    assert "the environment, where they are not set yet: REDIS_URL" in done.stdout
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text()
    said = {name: table for name, table in tomllib.loads(text).items() if table}
    assert said.pop("facts")["environment"] == "staging"
    assert said == {
        "settings": {"env_file": str(env)},
        "redis": {"url": {"env": "REDIS_URL"}},
    }
    assert "made-up" not in text + done.stdout
    assert "# url = " in text


def test_init_replaces_nothing_unasked(gonogo: Gonogo, home: Path) -> None:
    assert gonogo("target", "init", "acme", "--yes").returncode == 0
    path = written(home, "acme")
    path.write_text("mine")
    done = gonogo("target", "init", "acme", "--yes")
    assert done.returncode == 2 and "left alone" in done.stderr
    assert path.read_text() == "mine"
    words = ["--force", "--platform", "compose", "--project", "acme"]
    assert gonogo("target", "init", "acme", "--yes", *words).returncode == 0
    said = tomllib.loads(path.read_text())
    assert said["facts"]["platform"] == "compose"
    assert said["docker"] == {"project": "acme"}


def test_init_asks(home: Path, env: Path) -> None:
    answers = ["acme", "processes", "production", "none", "/etc/app.env", ""]
    ours, theirs = pty.openpty()
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    done = subprocess.run(
        [sys.executable, "-m", "tui", "target", "init"],
        cwd=env.parent,
        env={**os.environ, "HOME": str(home)},
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=50,
    )
    os.close(ours)
    os.close(theirs)
    assert done.returncode == 0, done.stderr
    said = tomllib.loads(written(home, "acme").read_text())
    assert said["settings"] == {"env_file": "/etc/app.env"}
    assert said["facts"]["environment"] == "production"


@pytest.mark.parametrize("name", ["../acme", ".hidden"])
def test_init_takes_plain_names(gonogo: Gonogo, name: str) -> None:
    done = gonogo("target", "init", name, "--yes")
    assert done.returncode == 2 and "is no name of a target" in done.stderr


def check(gonogo: Gonogo, book: Path, profile: str) -> tuple[int, str]:
    path = book.with_name("acme.toml")
    path.write_text(f'[facts]\nplatform = "processes"\n{profile}')
    done = gonogo("target", "check", path, "--runbook", book)
    return done.returncode, done.stdout + done.stderr


def test_check_asks_each_source_once(
    gonogo: Gonogo, book: Path, env: Path, unused_tcp_port: int
) -> None:
    settings = f'[settings]\nenv_file = "{env}"\n'
    nobody = f'[redis]\nurl = "redis://127.0.0.1:{unused_tcp_port}/0"\n'
    code, said = check(gonogo, book, settings)
    assert code == 0 and said.startswith("ok     settings")
    code, said = check(gonogo, book, settings + nobody)
    assert code == 1
    assert f"failed redis     tcp: 127.0.0.1:{unused_tcp_port} refused" in said
    code, said = check(gonogo, book, nobody)
    assert code == 4
    code, said = check(gonogo, book, "")
    assert code == 4 and "names nothing that could be asked" in said


def test_check_of_what_init_wrote_asks_what_it_names_alone(
    gonogo: Gonogo, env: Path
) -> None:
    under = ["env", "-C", env.parent]
    assert gonogo("target", "init", "acme", "--yes", under=under).returncode == 0
    done = gonogo("target", "check", "acme")
    assert done.returncode == 1
    first, *asked = done.stdout.splitlines()
    assert first.startswith("Not set up") and "prometheus" in first
    empty = first.partition(": ")[2].split(", ")
    assert len(empty) == len(set(empty)), empty
    assert {line.split()[1] for line in asked} == {"settings", "redis"}
    done = gonogo("target", "check", "amce")
    assert done.returncode == 2 and "there are acme, or make one" in done.stderr


def test_check_says_what_to_do(gonogo: Gonogo, book: Path) -> None:
    code, said = check(gonogo, book, '[redis]\nurl = { env = "GONOGO_NOT_SET" }\n')
    assert code == 4
    assert "configuration: the secret from env 'GONOGO_NOT_SET' is not set" in said


def test_check_refuses_a_broken_profile(gonogo: Gonogo, book: Path) -> None:
    code, said = check(gonogo, book, "[api]\nurll = 1\n")
    assert code == 2
    assert (
        "acme.toml:4:1: nothing reads 'urll' under [api]; did you mean 'url'?" in said
    )


def test_check_of_a_profile_that_is_not_there(gonogo: Gonogo) -> None:
    done = gonogo("target", "check", "nobody")
    assert done.returncode == 2 and "gonogo target init" in done.stderr


def test_a_profile_beside_the_runbook_is_asked_only_once_trusted(
    gonogo: Gonogo, book: Path, env: Path
) -> None:
    beside = book.with_name("gonogo.toml")
    facts = '[facts]\nplatform = "processes"\n'
    beside.write_text(f'{facts}[settings]\nenv_file = "{env}"\n')
    beside.chmod(0o600)
    done = gonogo("target", "check", "--runbook", book)
    assert done.returncode == 2 and "is not trusted yet" in done.stderr
    assert gonogo("trust", "--yes", beside).returncode == 0
    done = gonogo("target", "check", "--runbook", book)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def cluster() -> Iterator[KubernetesAPI]:
    system = clustered("Namespace", "v1", "kube-system")
    with kubernetes_api([*Cluster().objects, system]) as api:
        yield api


def test_a_profile_that_leads_to_another_cluster_than_before(
    gonogo: Gonogo, book: Path, cluster: KubernetesAPI, tmp_path: Path
) -> None:
    config = cluster.kubeconfig(tmp_path / "kubeconfig")
    path = book.with_name("acme.toml")
    facts = '[facts]\nplatform = "processes"\n'
    path.write_text(f'{facts}[kubernetes]\nkubeconfig = "{config}"\n')
    words = ("target", "check", path, "--runbook", book)
    accepted = gonogo(*words, "--accept", "kubernetes", "--yes")
    assert accepted.returncode == 0, accepted.stderr
    assert "\nknown  kubernetes  cluster uid-kube" in f"\n{gonogo(*words).stdout}"
    system = next(e for e in cluster.objects if e["kind"] == "Namespace")
    system["metadata"]["uid"] = "another"
    done = gonogo(*words)
    assert done.returncode == 1
    assert "other  kubernetes  cluster another, namespace transcripts" in done.stdout
    assert "at first contact it was cluster uid-kube-system" in done.stdout


def test_check_says_which_rights_a_login_lacks(
    gonogo: Gonogo,
    book: Path,
    cluster: KubernetesAPI,
    tmp_path: Path,
    unused_tcp_port: int,
) -> None:
    config = cluster.kubeconfig(tmp_path / "kubeconfig")
    profile = f'[kubernetes]\nkubeconfig = "{config}"\ncontext = "production"\n'
    cluster.denied = {"secrets", "pods/log"}
    code, said = check(gonogo, book, profile)
    new, well, partly = sorted(said.splitlines())
    assert new.startswith("new    kubernetes  cluster uid-kube-system, namespace tran")
    assert code == 0 and well.startswith("ok     kubernetes")
    lacks = "partly kubernetes rights  missing: list secrets, get pods/log (Add to a"
    assert partly.startswith(lacks)
    assert partly.count("apiGroups") == 2
    server = f"http://127.0.0.1:{unused_tcp_port}"
    cluster.kubeconfig(config, server=server)
    code, said = check(gonogo, book, profile)
    failed, unseen = sorted(said.splitlines())
    assert code == 4 and "refused the connection" in failed
    assert unseen.startswith("unseen kubernetes  nobody could look: ")
