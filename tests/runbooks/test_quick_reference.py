"""The quick reference as an operator runs it: by label, whatever things are called."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runbooks import parsing
from runbooks.model import Runbook
from runbooks.target import Target
from tests.runbooks.probes.docker_engine import DockerEngine
from tests.tui.engines import Desk
from tui.told import CommandEnded, OutputCame, Told

SHIPPED = (
    Path(__file__).parents[2] / "runbooks" / "documents" / "production-deployment.md"
)
KUBECTL = """\
#!/usr/bin/env python3
import json, os, sys
with open(os.environ["RECORD"], "a") as file:
    print(json.dumps(sys.argv[1:]), file=file)
if "get" in sys.argv:
    print("pod/some-name-api-6d9f")
    print("pod/some-name-api-7c2a")
"""


@pytest.fixture(scope="module")
def shipped() -> Runbook:
    return parsing.read(SHIPPED)


def part(runbook: Runbook, block: str) -> str:
    (found,) = next(each for each in runbook.blocks if each.id == block).parts
    return found.text


@pytest.mark.parametrize(
    ("block", "calls"),
    [
        (
            "logs-worker",
            [
                "logs -f -n shop -l app=transcript-create,component=worker "
                "--all-containers --prefix --max-log-requests=50 --tail=100"
            ],
        ),
        (
            "check-gpu-nvidia",
            [
                "get pods -n shop -o name --field-selector=status.phase=Running "
                "-l app=transcript-create,component=worker",
                "exec -n shop pod/some-name-api-6d9f -- nvidia-smi "
                "--query-gpu=name,driver_version,memory.total,utilization.gpu "
                "--format=csv,noheader",
            ],
        ),
        (
            "restart-api",
            [
                "rollout restart deployment -n shop "
                "-l app=transcript-create,component=api"
            ],
        ),
    ],
)
def test_kubectl_is_given_labels_of_the_namespace(
    shipped: Runbook, tmp_path: Path, block: str, calls: list[str]
) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o700)
    record = tmp_path / "record"
    environment = {
        "PATH": f"{tmp_path}:/usr/local/bin:/usr/bin:/bin",
        "RECORD": str(record),
        "NAMESPACE": "shop",
    }
    subprocess.run(
        ["bash", "-euc", part(shipped, block)], env=environment, check=True, timeout=20
    )
    made = [" ".join(json.loads(line)) for line in record.read_text().splitlines()]
    assert made == calls


@pytest.fixture
def desk(
    docker: DockerEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    monkeypatch.setenv("DOCKER_HOST", docker.url)
    # Without a path nothing is looked at unasked.
    target = Target("practice", tables={"docker": {"project": "lines"}})
    desk = Desk(tmp_path, SHIPPED.read_text(), target, trusted=True)
    yield desk
    desk.engine.close()


def test_all_containers_of_a_service_are_followed_beside_the_rest(
    desk: Desk, docker: DockerEngine
) -> None:
    for project, service, number in [
        ("lines", "api", 1),
        ("lines", "api", 2),
        ("lines", "worker", 1),
        ("other", "api", 1),
    ]:
        said = json.dumps({"level": "ERROR", "message": f"{service} {number}"})
        command = ["sh", "-c", f"echo '{said}'; exec sleep 1000"]
        docker.run(project, service, number, command=command)
    api, worker = desk.part("API, Docker Compose"), desk.part("Worker, Docker Compose")
    desk.engine.run_part(api)
    desk.engine.run_part(worker)

    def all_there(what: Told) -> bool:
        return isinstance(what, OutputCame) and desk.output().count(b"\n") == 3

    desk.wait(all_there)
    assert sorted(desk.output().decode().splitlines()) == [
        'lines-api-1 | {"level": "ERROR", "message": "api 1"}',
        'lines-api-2 | {"level": "ERROR", "message": "api 2"}',
        'lines-worker-1 | {"level": "ERROR", "message": "worker 1"}',
    ]
    assert len(desk.engine.running()) == 2
    desk.engine.stop(desk.run.commands[api].id)
    ended = desk.wait_for(CommandEnded)
    assert (ended.ending.ending, ended.ending.survivors) == ("stopped", ())
    desk.engine.stop(desk.run.commands[worker].id)
    desk.wait_for(CommandEnded)
