"""A real terminal for tests: tmux on a socket of its own."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

LONGEST = 60.0
"""Seconds in which a machine that is only busy gets there."""


class Terminal:
    """One tmux server with one window, typed into and read like a person would."""

    def __init__(self, socket: Path, columns: int, rows: int) -> None:
        self._base = socket
        self._started = 0
        self._columns = columns
        self._rows = rows

    @property
    def _socket(self) -> Path:
        # A server that is leaving still answers on its socket for a moment.
        return self._base.with_suffix(f".{self._started}")

    def tmux(self, *args: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", "/dev/null", *args],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def start(self, argv: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        """Run *argv* in the window; the window stays when it ends."""
        self._started += 1
        words = " ".join(map(shlex.quote, argv))
        settings = [f"{name}={value}" for name, value in env.items()]
        self.tmux(
            *("new-session", "-d", "-x", str(self._columns), "-y", str(self._rows)),
            *("-c", str(cwd), "env", *settings, "sh", "-c"),
            f"{words}; code=$?; echo; echo left with $code; exec sleep 1000",
        )

    def keys(self, *keys: str) -> None:
        """Press keys, by tmux's names (``Enter``, ``Space``, ``BSpace``, ``x``)."""
        for key in keys:
            self.tmux("send-keys", "-t", "0", key)

    def type(self, text: str) -> None:
        """Type text as it stands, as quickly as hands do."""
        for character in text:
            # By itself it would end a command of tmux.
            literal = r"\;" if character == ";" else character
            self.tmux("send-keys", "-t", "0", "-l", literal)
            time.sleep(0.03)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "0")

    def wait_for(self, text: str, seconds: float = LONGEST) -> str:
        """Wait until *text* is on the screen and return the screen."""
        return self._until(lambda screen: text in screen, f"{text!r} to come", seconds)

    def wait_for_one(self, *texts: str) -> str:
        """Wait until one of *texts* is on the screen and return the screen."""
        return self._until(
            lambda screen: any(text in screen for text in texts), f"{texts}", LONGEST
        )

    def wait_gone(self, text: str, seconds: float = LONGEST) -> str:
        return self._until(lambda s: text not in s, f"{text!r} to go", seconds)

    def _until(self, holds: Callable[[str], bool], what: str, seconds: float) -> str:
        deadline = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if holds(screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s for {what}:\n{screen}")
            time.sleep(0.05)

    def close(self) -> None:
        subprocess.run(
            ["tmux", "-S", str(self._socket), "kill-server"],
            capture_output=True,
            check=False,
        )


def own_environment(home: Path) -> dict[str, str]:
    """An environment in which gonogo meets nobody else's files."""
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "XDG_RUNTIME_DIR": str(runtime),
        "PATH": os.environ["PATH"],
        "TERM": "tmux-256color",
        "LANG": "C.UTF-8",
    }
