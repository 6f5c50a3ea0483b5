"""What `gonogo target init` asks, and what it makes of the answers."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tui.cli.printing import agreed, ask, say

if TYPE_CHECKING:
    from runbooks.discovery import Discovery

SECRETS = {"postgres": ("dsn", "DATABASE_URL"), "redis": ("url", "REDIS_URL")}
"""Table to its key that is a secret, and the variable that usually holds it."""


class Asking:
    """Takes an answer from an option, else from a person, else what was found.

    Args:
        given: options by name, None where they were left out.
        interactive: whether there is somebody to ask.
    """

    def __init__(self, given: Mapping[str, Any], *, interactive: bool) -> None:
        self._given = given
        self._interactive = interactive

    def text(self, question: str, default: str, option: str = "") -> str:
        if self._given.get(option):
            return str(self._given[option])
        if not self._interactive:
            return default
        return ask(question, default)

    def choice(
        self, question: str, of: Sequence[str], default: str, option: str
    ) -> str:
        if self._given.get(option) or not self._interactive:
            return str(self._given.get(option) or default)
        return ask(question, default, of)

    def agreed(self, question: str) -> bool:
        return self._interactive and agreed(question)

    def known(self, name: str, found: Discovery) -> dict[str, dict[str, Any]]:
        """Return the tables of the profile, as far as they can be known."""
        platforms = ["kubernetes", "compose", "processes"]
        platform = self.choice(
            "What do the services run on", platforms, found.platform, "platform"
        )
        production = found.settings.get("ENVIRONMENT") in (None, "", "production")
        environment = self.choice(
            "Which environment is it",
            ["production", "staging"],
            "production" if production else "staging",
            "environment",
        )
        gpu = self.choice(
            "Which GPUs does the worker have",
            ["nvidia", "amd", "none"],
            found.gpu,
            "gpu",
        )
        facts = {"platform": platform, "environment": environment, "gpu": gpu}
        tables: dict[str, dict[str, Any]] = {"facts": {**facts, **_features(found)}}
        tables.update(getattr(self, f"_{platform}")(found))
        tables.update(self._urls(found))
        for table, (key, variable) in SECRETS.items():
            if variable in found.settings or not found.env_file:
                tables[table] = {key: {"env": variable}}
        return tables

    def _kubernetes(self, found: Discovery) -> dict[str, dict[str, Any]]:
        ways = [(path, each) for path, all in found.contexts.items() for each in all]
        current = next((w for w in ways if w[1].current), ways[0] if ways else None)
        name = self.text("Context", current[1].name if current else "", "context")
        chosen = next((way for way in ways if way[1].name == name), None)
        namespace = chosen[1].namespace if chosen else "default"
        table = {"kubeconfig": str(chosen[0])} if chosen else {}
        table |= {"context": name} if name else {}
        table["namespace"] = self.text("Namespace", namespace, "namespace")
        return {"kubernetes": table}

    def _compose(self, found: Discovery) -> dict[str, dict[str, Any]]:
        first = found.projects[0] if found.projects else ""
        project = self.text("Compose project", first, "project")
        return {"docker": {"project": project}} if project else {}

    def _processes(self, found: Discovery) -> dict[str, dict[str, Any]]:
        there = str(found.env_file or "")
        path = self.text("Env file of the services", there, "env_file")
        return {"settings": {"env_file": path}} if path else {}

    def _urls(self, found: Discovery) -> dict[str, dict[str, Any]]:
        from urllib.parse import urlsplit

        from runbooks.discovery import find_urls

        host = self.text("Host of the application (empty: not yet)", "", "host")
        if not host:
            return {}
        ca = str(self._given.get("ca") or "")
        told = len(found.told)
        asyncio.run(find_urls(found, host, ca))
        for said in found.told[told:]:
            say(f"Not found: {said}")
        trust = {"ca": ca} if ca else {}
        tables: dict[str, dict[str, Any]] = {}
        if found.api:
            say(f"The API answers at {found.api}")
            name = urlsplit(found.api).hostname or ""
            tables["api"] = {"url": found.api, "host": name, **trust}
        if found.web:
            say(f"Pages are at {found.web}")
            tables["web"] = {"url": found.web, **trust}
        return tables


def missing(known: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the variables that hold secrets of a profile and are not set here."""
    references = (each for table in known.values() for each in table.values())
    names = (each.get("env") for each in references if isinstance(each, Mapping))
    return [name for name in names if name and name not in os.environ]


def _features(found: Discovery) -> dict[str, Any]:
    """Return the facts that the application's own settings tell."""
    if not found.env_file:
        return {}
    diarization = found.settings.get("ENABLE_DIARIZATION", "").lower() == "true"
    backend = found.settings.get("SEARCH_BACKEND") or "postgres"
    return {
        "search": backend,
        "caching": "REDIS_URL" in found.settings,
        "diarization": diarization,
    }
