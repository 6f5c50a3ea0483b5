"""Looks for a deployment: clusters, compose projects, addresses, an env file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runbooks import env_file, kubeconfig
from runbooks.errors import DocumentError, ProbeError
from runbooks.kubeconfig import Context
from runbooks.probes.fetching import Request, fetch
from runbooks.probes.sources import Sources

_LONGEST = 5.0
"""Seconds for each question: an address that says nothing says so by silence."""
_GPUS = {"/dev/nvidiactl": "nvidia", "/dev/kfd": "amd"}


@dataclass(slots=True)
class Discovery:
    """What there is.

    Attributes:
        contexts: by the kubeconfig that they stand in.
        projects: compose projects on this machine's Docker Engine.
        api, web: URLs that answered, "" where none did.
        env_file: in the working directory.
        settings: names of the variables that it sets, with values only of those
            that say what the application uses, never of a secret.
        gpu: that this machine has: nvidia, amd or none.
        told: what was looked for in vain, and why.
    """

    contexts: dict[Path, list[Context]] = field(default_factory=dict)
    projects: list[str] = field(default_factory=list)
    api: str = ""
    web: str = ""
    env_file: Path | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    gpu: str = "none"
    told: list[str] = field(default_factory=list)

    def seen(self) -> list[str]:
        """Say what was found, a line for each place."""
        lines = [
            f"{path}: contexts {', '.join(each.name for each in contexts)}"
            for path, contexts in self.contexts.items()
            if contexts
        ]
        if self.projects:
            lines.append(f"Docker: compose projects {', '.join(self.projects)}")
        if self.env_file:
            lines.append(f"{self.env_file}: {len(self.settings)} settings")
        return lines

    @property
    def platform(self) -> str:
        """The likeliest: what runs here, before what can be reached from here."""
        if self.projects:
            return "compose"
        return "processes" if self.env_file or not self.contexts else "kubernetes"


async def discover(directory: Path) -> Discovery:
    """Look on this machine; *directory* is where an env file may be."""
    found = Discovery()
    for path in kubeconfig.files():
        try:
            found.contexts[path] = kubeconfig.contexts(path)
        except DocumentError as error:
            found.told.append(str(error))
    _read_env_file(found, directory / ".env")
    found.gpu = next((g for p, g in _GPUS.items() if Path(p).exists()), "none")
    async with Sources() as sources:
        try:
            found.projects = await sources.within(_LONGEST, _projects(sources))
        except (ProbeError, TimeoutError) as error:
            found.told.append(f"Docker: {error or 'no answer'}")
    return found


async def find_urls(found: Discovery, host: str, ca: str = "") -> None:
    """Look where a host, or URL, serves the API and the pages; fills in *found*."""
    base = host if "://" in host else f"https://{host}"
    base = base.rstrip("/")
    scheme, _, name = base.partition("://")
    async with Sources() as sources:
        for url in (base, f"{base}/api", f"{scheme}://api.{name}"):
            if _is_health(await _body(sources, found, f"{url}/health", ca)):
                found.api = url
                break
        if "<html" in (await _body(sources, found, f"{base}/", ca)).lower():
            found.web = base


async def _body(sources: Sources, found: Discovery, url: str, ca: str) -> str:
    """Return the body of a 200, "" for anything else, which is told."""
    try:
        asked = fetch(sources, Request(url, ca=ca, keep=64 * 1024))
        response = await sources.within(_LONGEST, asked)
    except (ProbeError, TimeoutError) as error:
        found.told.append(f"{url}: {error or 'no answer'}")
        return ""
    if response.status != 200:
        found.told.append(f"{url}: answered {response.status}")
        return ""
    return response.text


def _is_health(body: str) -> bool:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, dict) and isinstance(answer.get("status"), str)


async def _projects(sources: Sources) -> list[str]:
    from runbooks.probes.docker.client import Engine
    from runbooks.probes.docker.containers import PROJECT

    engine = Engine.at("")
    inspected = await engine.inspect(sources, PROJECT)
    return sorted({each["Config"]["Labels"][PROJECT] for each in inspected})


def _read_env_file(found: Discovery, path: Path) -> None:
    if not path.is_file():
        return
    try:
        values, mode = env_file.read(str(path))
    except OSError as error:
        found.told.append(f"{path}: cannot be read: {error.strerror}")
        return
    found.env_file = path
    shown = {"SEARCH_BACKEND", "ENABLE_DIARIZATION", "ENVIRONMENT"}
    found.settings = {n: v if n in shown else "" for n, v in values.items() if v}
    if mode[-1] != "0":
        found.told.append(f"{path}: mode {mode}, so everybody here can read it")
