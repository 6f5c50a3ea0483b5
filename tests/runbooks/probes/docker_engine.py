"""A Docker Engine of our own, with images that are one static busybox."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

SHELL_TOOLS = ("cat", "echo", "false", "sh", "sleep", "true")
IMAGE = "app:1"
OUTSIDE = (
    "/etc/docker/key.json",
    "/etc/docker",
    "/run/docker/plugins",
    "/run/docker",
    "/run/containerd/s",
    "/run/containerd",
)
"""What dockerd makes outside its own directories, innermost first."""


class DockerEngine:
    """One dockerd with a directory and control groups of its own, and a client."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "docker.sock"
        self.url = f"unix://{self.socket}"
        self.cgroup = f"gonogo-{directory.name}"
        self.client: Any = None
        self._outside = [Path(path) for path in OUTSIDE if not Path(path).exists()]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._launch()
        from docker import APIClient

        self.client = APIClient(self.url, timeout=20)
        self.image(*IMAGE.split(":"))

    def image(self, name: str, tag: str, *changes: str, seconds: int = 1000) -> str:
        """Make an image, and return its id.

        Args:
            changes: further instructions, such as ``ENV RELEASE=2``.
            seconds: how long its containers run.
        """
        command = f'CMD ["sleep","{seconds}"]'
        self.client.import_image_from_data(
            _root_file_system(), name, tag, changes=[command, *changes]
        )
        return str(self.client.inspect_image(f"{name}:{tag}")["Id"])

    def kill(self) -> None:
        """End the daemon at once; what it has started goes on without it."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def start_again(self) -> None:
        self.socket.unlink()
        # Where nobody reaps it, what is left of containerd looks as if it ran.
        (self.directory / "exec/containerd/containerd.pid").unlink()
        self._launch()
        wait_until(self._answers, "dockerd answers again")

    def _answers(self) -> bool:
        # Connections from before are dead.
        with suppress(OSError):
            return bool(self.client.ping())
        return False

    def _launch(self) -> None:
        log = (self.directory / "log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [
                    "dockerd",
                    f"--host={self.url}",
                    f"--data-root={self.directory / 'data'}",
                    f"--exec-root={self.directory / 'exec'}",
                    f"--pidfile={self.directory / 'pid'}",
                    f"--cgroup-parent=/{self.cgroup}",
                    "--iptables=false",
                    "--bridge=none",
                    "--storage-driver=vfs",
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        wait_until(self._listens, "dockerd is up")

    def _listens(self) -> bool:
        # The file is there a moment before anybody listens.
        with socket.socket(socket.AF_UNIX) as asking, suppress(OSError):
            asking.connect(str(self.socket))
            return True
        return False

    def create(
        self,
        project: str,
        service: str,
        number: int = 1,
        *,
        command: str | list[str] | None = "sleep 1000",
        image: str = IMAGE,
        host: dict[str, Any] | None = None,
        **settings: Any,
    ) -> str:
        """Make a container as Compose would, and return its id.

        Args:
            host: arguments of ``create_host_config``.
            settings: further arguments of ``create_container``.
        """
        labels = {
            "com.docker.compose.project": project,
            "com.docker.compose.service": service,
            "com.docker.compose.container-number": str(number),
            "com.docker.compose.oneoff": str(settings.pop("oneoff", False)),
            **settings.pop("labels", {}),
        }
        host_config = {"network_mode": "none", **(host or {})}
        made = self.client.create_container(
            image,
            command,
            name=f"{project}-{service}-{number}",
            labels=labels,
            host_config=self.client.create_host_config(**host_config),
            **settings,
        )
        return str(made["Id"])

    def run(self, *args: Any, **kwargs: Any) -> str:
        made = self.create(*args, **kwargs)
        self.client.start(made)
        return made

    def stop(self) -> None:
        """End containers, shims, daemon and mounts; keep nothing of them."""
        if self.client and self._answers():
            for container in self.client.containers(all=True):
                self.client.remove_container(container["Id"], force=True, v=True)
        if self.client:
            self.client.close()
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for pid in self._left():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not self._left(), "all shims are gone")
        for mount in self._mounts():
            subprocess.run(["umount", "-l", mount], check=True)
        for path in self._outside:
            # Another Engine may use it by now.
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()
        for group in Path("/sys/fs/cgroup").glob(f"**/{self.cgroup}"):
            group.rmdir()

    def _left(self) -> list[int]:
        """Return the processes that were started for this Engine."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if f"{self.directory}/exec".encode() in entry.read_bytes():
                    found.append(int(entry.parent.name))
        return found

    def _mounts(self) -> list[str]:
        """Return what is mounted below its directory, innermost first."""
        lines = Path("/proc/self/mounts").read_text().splitlines()
        points = [line.split()[1] for line in lines]
        return [p for p in reversed(points) if p.startswith(f"{self.directory}/")]


@contextmanager
def running_engine() -> Iterator[DockerEngine]:
    """Run an Engine, or skip; where CI is set, what is missing fails."""
    missing = [name for name in ("dockerd", "busybox") if not shutil.which(name)]
    if os.geteuid() != 0:
        missing.append("the rights of root")
    if missing:
        said = f"{', '.join(missing)} needed to run a Docker Engine"
        pytest.fail(said) if os.environ.get("CI") == "true" else pytest.skip(said)
    # Short, because the path of a socket has room for 107 characters.
    directory = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
    engine = DockerEngine(directory)
    try:
        engine.start()
        yield engine
    finally:
        try:
            engine.stop()
        finally:
            shutil.rmtree(directory)


def wait_until(holds: Callable[[], object], what: str) -> None:
    """Wait until it holds; give up where the machine is not only slow."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.05)


def _root_file_system() -> bytes:
    """Return a tar with busybox and links to it."""
    busybox = shutil.which("busybox")
    assert busybox
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        folder = tarfile.TarInfo("bin")
        folder.type, folder.mode = tarfile.DIRTYPE, 0o755
        tar.addfile(folder)
        tar.add(os.path.realpath(busybox), "bin/busybox")
        for name in SHELL_TOOLS:
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    return packed.getvalue()
